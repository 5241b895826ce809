"""Open the house for one command: settings, database, schema, and what the flow is given."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from maildock import settings as settings_module
from maildock import wiring
from maildock.access.tenants import find_tenant
from maildock.cli import logs
from maildock.domain.errors import UsageError
from maildock.flow.context import Context
from maildock.migrations import runner
from maildock.settings import Settings
from maildock.tables import tenants
from maildock.tables.session import TenantSession
from maildock.tables.tenants import Tenant

Result = TypeVar("Result")

_STOPPING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class House:
    """An open house: the settings, where the database is, and the parts that the wiring chose."""

    settings: Settings
    where: wiring.Dsns
    context: Context

    async def tenants(self, narrowed: str | None) -> list[Tenant]:
        """Give the tenant that a person named, or all of them."""
        if narrowed is not None:
            return [await find_tenant(self.context.database, narrowed)]
        async with self.context.database.sweep() as session:
            return await tenants.every(session)

    async def tenant_ids(self, narrowed: str | None) -> list[UUID]:
        """Give the ids of the same."""
        return [tenant.tenant for tenant in await self.tenants(narrowed)]

    async def of_each(
        self, narrowed: str | None, read: Callable[[TenantSession], Awaitable[list[dict[str, Any]]]]
    ) -> list[dict[str, Any]]:
        """Give what `read` lists of the same, one tenant after the other."""
        found: list[dict[str, Any]] = []
        for tenant in await self.tenant_ids(narrowed):
            async with self.context.database.tenant(tenant) as session:
                found += await read(session)
        return found


def load(level: int = logging.WARNING) -> Settings:
    """Read the settings and set up the logs."""
    settings = settings_module.load()
    logs.configure(settings.effective_log_format, level)
    return settings


@contextlib.contextmanager
def database(settings: Settings, *, migrate: bool = False) -> Iterator[wiring.Dsns]:
    """Give the DSNs of a running database with the newest schema.

    The embedded one is brought to it; an external one is its operator's, unless `migrate` says otherwise.
    """
    with wiring.database_server(settings) as owner:
        if runner.current(owner) != runner.newest():
            if settings.external and not migrate:
                raise UsageError("the database doesn't have this maildock's schema; run `maildock migrate`")
            runner.migrate(owner)
        where = wiring.dsns(settings, owner)
        if settings.app_database_url or settings.sweep_database_url:
            # A pool would try a wrong one for a while, and then not say why.
            for dsn in (where.app, where.sweep):
                psycopg.connect(dsn, connect_timeout=10).close()
        yield where


def run(work: Callable[[House], Awaitable[Result]]) -> Result:
    """Open the house, do `work` in it, and close it."""
    settings = load()
    with database(settings) as where:
        return asyncio.run(_inside(settings, where, work))


async def _inside(settings: Settings, where: wiring.Dsns, work: Callable[[House], Awaitable[Result]]) -> Result:
    async with wiring.open_context(settings, where) as context:
        return await work(House(settings, where, context))


def run_until_stopped(work: Coroutine[None, None, None]) -> None:
    """Run a service's loop; once it has ended, further signals don't disturb the cleaning up."""
    try:
        asyncio.run(work)
    finally:
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)


def stop_on_signals() -> asyncio.Event:
    """Give an event that SIGINT and SIGTERM set; to be called inside the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, stop.set)
    return stop
