"""How a mail travels, one verb a file, in reading order: receive, fetch, file, store, recover."""
