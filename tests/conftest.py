"""What tests stand on: a real PostgreSQL, migrated once and emptied for each test, and real files."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
import structlog
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.cli.logs import frames_only
from maildock.embedded.database import EmbeddedDatabase
from maildock.flow.context import Context
from maildock.migrations.runner import migrate
from maildock.settings import Settings, load
from maildock.tables.tenants import Tenant

# The server writes down every statement with who sent it; a guard reads that afterwards.
STATEMENT_LOG = {
    "log_statement": "all",
    "log_parameter_max_length": "0",
    "log_destination": "jsonlog",
    "logging_collector": "on",
    "log_rotation_size": "0",
    "log_rotation_age": "0",
}


def pytest_configure() -> None:
    """Log as in production, in one line and without locals, and give generated examples their time."""
    structlog.configure(processors=[frames_only, structlog.processors.JSONRenderer()])
    # A busy machine is no fault of the code; and a change is judged by the same examples each time.
    hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("house")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a disk of its own where this user may not mount one."""
    if os.geteuid() != 0:
        mounting = [item for item in items if "small_disk" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=mounting)
        items[:] = [item for item in items if item not in mounting]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of an owner on a PostgreSQL of this test process's own."""
    external = os.environ.get("TEST_DATABASE_URL")
    if external:
        yield _own_database(external)
        return
    log = os.environ.get("TEST_SQL_LOG")
    logging = {**STATEMENT_LOG, "log_filename": f"sql-{os.getpid()}.log"} if log else {}
    embedded = EmbeddedDatabase(tmp_path_factory.mktemp("database"), settings=logging)
    try:
        yield embedded.start()
        if log:
            _keep_log(embedded.location, Path(log))
    finally:
        embedded.destroy()


def _own_database(external: str) -> str:
    name = f"maildock_test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with psycopg.connect(external, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(external, dbname=name)


def _keep_log(location: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    for found in location.rglob("sql-*.json"):
        (kept / found.name).write_bytes(found.read_bytes())


@pytest.fixture(scope="session")
def migrated(server: str) -> str:
    """The same server with the newest schema."""
    migrate(server)
    return server


@pytest.fixture
def owner_dsn(migrated: str) -> str:
    """The owner's DSN of a migrated and empty database."""
    empty(migrated)
    return migrated


def empty(owner: str) -> None:
    """Forget all tenants."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("TRUNCATE tenants CASCADE")


@pytest.fixture
def environment(owner_dsn: str, tmp_path: Path) -> dict[str, str]:
    """The settings as a program is given them: everything under `tmp_path`, short leases, late retries.

    A retry that came by itself would change what a test is about to look at.
    """
    return {
        "MAILDOCK_DATA_DIR": str(tmp_path / "data"),
        "MAILDOCK_DATABASE_URL": as_url(owner_dsn),
        "MAILDOCK_SECRET_KEY": "a secret for tests only",
        "MAILDOCK_CLAIM_SECONDS": "2",
        "MAILDOCK_RETRY_SECONDS": "900",
    }


def as_url(dsn: str) -> str:
    """Write a DSN as the URL that the settings take."""
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    return "postgresql://?" + "&".join(f"{name}={_quoted(value)}" for name, value in parts.items())


def _quoted(value: str) -> str:
    return "".join(f"%{byte:02x}" for byte in value.encode())


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> Settings:
    """The same settings, read."""
    return load(environment, tmp_path / "no.env")


@pytest.fixture
async def context(settings: Settings, owner_dsn: str) -> AsyncIterator[Context]:
    """What the flow is given, wired as in production."""
    async with wiring.open_context(settings, wiring.dsns(settings, owner_dsn)) as context:
        yield context


@pytest.fixture
async def tenant(context: Context) -> Tenant:
    """A tenant of its own."""
    return await add_tenant(context.database, "Shop")


@pytest.fixture
async def other_tenant(context: Context) -> Tenant:
    """Somebody else on the same installation."""
    return await add_tenant(context.database, "Neighbour")
