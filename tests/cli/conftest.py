"""The program on the suite's database, and on one of its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.embedded.database import EmbeddedDatabase
from maildock.settings import Settings
from tests.cli.program import Maildock


@pytest.fixture
def maildock(environment: dict[str, str], tmp_path: Path) -> Iterator[Maildock]:
    """The program on the suite's database."""
    program = Maildock(environment, tmp_path)
    yield program
    for service in program.services:
        service.stop()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Maildock]:
    """The program on its embedded default."""
    data_dir = tmp_path / "own-data"
    program = Maildock({"MAILDOCK_DATA_DIR": str(data_dir), "MAILDOCK_CLAIM_SECONDS": "2"}, tmp_path)
    yield program
    for service in program.services:
        service.stop()
    if data_dir.exists():
        EmbeddedDatabase(data_dir).destroy()


@pytest.fixture
def shop(settings: Settings, owner_dsn: str) -> str:
    """A tenant's name."""
    asyncio.run(_add_shop(settings, owner_dsn))
    return "shop"


async def _add_shop(settings: Settings, owner: str) -> None:
    async with wiring.open_context(settings, wiring.dsns(settings, owner)) as context:
        await add_tenant(context.database, "shop")
