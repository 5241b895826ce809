"""Up, down, and up again; one migrator at a time; and no schema that this maildock doesn't know."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from maildock.domain.errors import UsageError
from maildock.migrations.runner import VERSION_TABLE, current, migrate, newest

VERSIONS = Path(__file__).parents[2] / "src" / "maildock" / "migrations" / "versions"

CATALOGUE = """
    SELECT 'column', table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'policy', tablename, policyname, concat(roles, cmd, qual, with_check)
    FROM pg_policies WHERE schemaname = 'public'
    UNION ALL SELECT 'grant', table_name, grantee, privilege_type
    FROM information_schema.role_table_grants WHERE table_schema = 'public'
    UNION ALL SELECT 'security', relname, relrowsecurity::text, relforcerowsecurity::text
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3, 4
"""


def catalogue(owner: str) -> list[tuple[str, ...]]:
    with psycopg.connect(owner) as connection:
        return [row for row in connection.execute(CATALOGUE).fetchall() if row[1] != VERSION_TABLE]


@pytest.fixture
def bare(server: str) -> Iterator[str]:
    """The server without a schema; it gets the newest one back."""
    migrate(server, "base")
    yield server
    migrate(server)


def test_down_leaves_nothing_and_up_again_is_the_same_as_before(bare: str) -> None:
    assert catalogue(bare) == []
    migrate(bare)
    first = catalogue(bare)
    assert current(bare) == newest()
    migrate(bare, "base")
    assert catalogue(bare) == []
    migrate(bare)
    assert catalogue(bare) == first


def test_migrating_twice_changes_nothing(migrated: str) -> None:
    before = catalogue(migrated)
    migrate(migrated)
    assert catalogue(migrated) == before


def test_migrators_at_once_wait_for_each_other(bare: str) -> None:
    program = "import sys; from maildock.migrations.runner import migrate; migrate(sys.argv[1])"
    racing = [subprocess.Popen([sys.executable, "-c", program, bare]) for _ in range(3)]
    assert [process.wait(60) for process in racing] == [0, 0, 0]
    assert current(bare) == newest()


def test_a_schema_of_a_newer_maildock_is_refused(migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        try:
            with pytest.raises(UsageError, match="doesn't know"):
                migrate(migrated)
        finally:
            connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '{newest()}'")


def test_a_migration_gives_up_on_a_table_that_is_in_use(migrated: str) -> None:
    with psycopg.connect(migrated) as reader:
        reader.execute("SELECT FROM tickets")
        with pytest.raises(Exception, match="lock timeout"):
            migrate(migrated, "base")
    assert current(migrated) == newest()


def test_the_newest_migration_is_the_head_of_all() -> None:
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    assert ScriptDirectory.from_config(config).get_current_head() == newest()


def test_every_migration_says_whether_it_expands_or_contracts() -> None:
    for path in VERSIONS.glob("[0-9]*.py"):
        assert "Kind: expand." in path.read_text() or "Kind: contract." in path.read_text()


def test_tickets_from_before_are_found_by_their_words(bare: str) -> None:
    tenant, ticket = UUID(int=1), UUID(int=2)
    migrate(bare, "0002")
    with psycopg.connect(bare) as connection:
        connection.execute("SELECT maildock_enter(%s)", (tenant,))
        connection.execute("INSERT INTO tenants VALUES (%s, 'Shop', gen_random_uuid(), gen_random_uuid())", (tenant,))
        connection.execute("INSERT INTO tickets VALUES (%s, %s, 7, 'Printer')", (tenant, ticket))
    migrate(bare)
    with psycopg.connect(bare) as connection:
        connection.execute("SELECT maildock_enter(%s)", (tenant,))
        found = connection.execute("SELECT ticket_id, word FROM ticket_words ORDER BY word").fetchall()
        connection.execute("DELETE FROM tenants")
    assert found == [(ticket, "7"), (ticket, "printer")]
