"""One file is one table and every query on it; `session` is the only way to reach them."""
