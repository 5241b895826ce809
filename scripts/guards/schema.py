"""The migrated database keeps its promises: the tenant leads everything, row level security is forced, down undoes up.

Read from PostgreSQL's catalogue after the migrations have really run, on a database of this guard's own.
"""

import tempfile
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from maildock import migrations
from maildock.embedded.database import EmbeddedDatabase
from scripts.guards import catalogue

SCRIPTS = Path(migrations.__file__).parent


def problems(root: Path) -> list[str]:
    """Migrate an empty database up, down and up again, step by step, and look at what stands there."""
    del root
    with tempfile.TemporaryDirectory(prefix="maildock-schema-") as name:
        embedded = EmbeddedDatabase(Path(name))
        try:
            return on_empty_database(embedded.start())
        finally:
            embedded.destroy()


def on_empty_database(dsn: str) -> list[str]:
    """Do the same on the empty database of an owner who may make roles."""
    found = steps(dsn)
    with psycopg.connect(dsn) as connection:
        return found + catalogue.problems(connection)


def steps(dsn: str) -> list[str]:
    """Undo and repeat each migration by itself: the database must look the same again."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["dsn"] = dsn
    found: list[str] = []
    before, revision = _snapshot(dsn), "base"
    for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
        command.upgrade(config, script.revision)
        after = _snapshot(dsn)
        command.downgrade(config, revision)
        found += _drift(f"{script.revision} down", before, _snapshot(dsn))
        command.upgrade(config, script.revision)
        found += _drift(f"{script.revision} up again", after, _snapshot(dsn))
        before, revision = after, script.revision
    return found


def _snapshot(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        return catalogue.snapshot(connection)


def _drift(step: str, wanted: set[str], found: set[str]) -> list[str]:
    lost = [f"migration {step} loses: {line}" for line in sorted(wanted - found)]
    return lost + [f"migration {step} leaves: {line}" for line in sorted(found - wanted)]
