"""Raw mail that somebody handed over: files, mailboxes, uploads. Its bytes are kept in the object store."""
