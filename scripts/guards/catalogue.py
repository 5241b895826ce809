"""What PostgreSQL's catalogue says of a schema: what breaks the rule of tenants, and everything in it as text."""

from pathlib import Path
from typing import Any

import psycopg

# Alembic's own; it is made by the first migration and never dropped.
VERSION_TABLE = "maildock_schema_version"

BREACHES = Path(__file__).with_name("breaches.sql")
EVERYTHING = Path(__file__).with_name("everything.sql")


def problems(connection: psycopg.Connection[Any], schema: str = "public") -> list[str]:
    """Give a line for every breach in the schema, and one if it has no table at all."""
    params = {"schema": schema, "version_table": VERSION_TABLE}
    return [row[0] for row in connection.execute(BREACHES.read_bytes(), params)]


def snapshot(connection: psycopg.Connection[Any], schema: str = "public") -> set[str]:
    """Give everything in the schema, a line each, but for the version table."""
    rows = connection.execute(EVERYTHING.read_bytes(), {"schema": schema})
    return {row[0] for row in rows if VERSION_TABLE not in row[0]}
