"""Bring a database to the newest schema, or say which schema it has."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from maildock.domain.errors import UsageError

VERSION_TABLE = "maildock_schema_version"


def _config(dsn: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["dsn"] = dsn
    return config


def newest() -> str:
    """Name the newest schema version that this package knows."""
    head = ScriptDirectory.from_config(_config("postgresql://")).get_current_head()
    assert head is not None  # noqa: S101 - the package always ships at least one migration
    return head


def current(dsn: str) -> str | None:
    """Name the database's schema version, `None` where maildock never migrated."""
    with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
        if connection.execute("SELECT to_regclass(%s)", (VERSION_TABLE,)).fetchone() == (None,):
            return None
        row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
        return str(row[0]) if row else None


def migrate(dsn: str, target: str = "head") -> None:
    """Migrate to `target` with the owner's `dsn`; a newer or foreign schema is a `UsageError`."""
    config = _config(dsn)
    try:
        if target == "base":
            command.downgrade(config, target)
        else:
            command.upgrade(config, target)
    except CommandError as problem:
        raise UsageError(
            f"the database has a schema that this maildock doesn't know ({problem}); use the maildock that made it"
        ) from problem
