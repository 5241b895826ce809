"""The PostgreSQL that maildock brings along and looks after."""
