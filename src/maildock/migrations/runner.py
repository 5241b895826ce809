"""Bring a database to the newest schema, or say which schema it has."""

from pathlib import Path

import psycopg

from maildock.domain.errors import UsageError

VERSION_TABLE = "maildock_schema_version"

_HERE = Path(__file__).parent


def newest() -> str:
    """Name the newest schema version that this package knows: migrations are numbered, and follow one another."""
    return max(path.name for path in (_HERE / "versions").glob("[0-9]*.py")).partition("_")[0]


def current(dsn: str) -> str | None:
    """Name the database's schema version, `None` where maildock never migrated."""
    with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
        if connection.execute("SELECT to_regclass(%s)", (VERSION_TABLE,)).fetchone() == (None,):
            return None
        row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
        return str(row[0]) if row else None


def migrate(dsn: str, target: str = "head") -> None:
    """Migrate to `target` with the owner's `dsn`; a newer or foreign schema is a `UsageError`."""
    # Most commands find the schema as it should be, and Alembic takes longer to import than they take to run.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["dsn"] = dsn
    try:
        if target == "base":
            command.downgrade(config, target)
        else:
            command.upgrade(config, target)
    except CommandError as problem:
        raise UsageError(
            f"the database has a schema that this maildock doesn't know ({problem}); use the maildock that made it"
        ) from problem
    except DBAPIError as problem:
        if isinstance(problem.orig, psycopg.errors.InsufficientPrivilege):
            said = str(problem.orig).splitlines()[0]
            raise UsageError(
                f"the owner of the database may not do this ({said}); have a superuser make it the owner by"
                " ALTER DATABASE … OWNER TO it, and where another one made the roles, by GRANT maildock_app,"
                " maildock_sweep TO it"
            ) from problem
        # What the driver said, as it is raised everywhere else.
        raise problem.orig or problem from problem
