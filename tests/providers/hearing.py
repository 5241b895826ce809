"""A desk whose web hears what vendors push, at the address that it gives them."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.settings import load
from maildock.worker.worker import Worker
from tests.desk import Desk
from tests.web.server import Client, serving

PATIENCE = 15.0


@dataclass(frozen=True)
class Hearing:
    """A desk, its web, and the environment of its other programs."""

    desk: Desk
    web: Client
    environment: dict[str, str]


@asynccontextmanager
async def hearing(
    environment: dict[str, str], owner_dsn: str, folder: Path, poll_seconds: int
) -> AsyncIterator[Hearing]:
    """Open a desk and its web; mailboxes are polled every `poll_seconds`."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    more = {**environment, "MAILDOCK_PUBLIC_URL": origin, "MAILDOCK_POLL_SECONDS": str(poll_seconds)}
    settings = load(more, folder / "no.env")
    async with (
        wiring.open_context(settings, wiring.dsns(settings, owner_dsn)) as context,
        serving(context, port=port),
    ):
        desk = Desk(context, await add_tenant(context.database, "Shop"))
        yield Hearing(desk, Client(origin, {}), more)


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[None]:
    """Let a worker run meanwhile."""
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(desk.context).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to happen."""
    end = time.monotonic() + PATIENCE
    while not await happened():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
