"""A real PostgreSQL in the data dir, shared by every maildock command that uses that data dir.

A keeper process holds the server as its child. Each user of the server holds a shared lock; when the keeper gets the
exclusive one, nobody is left, and it stops the server. If the keeper itself is killed, the server goes with it, and
whoever still uses it starts another.
"""
