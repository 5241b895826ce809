"""From the raw bytes of a mail to its headers, bodies and parts, in memory that does not grow with the mail."""
