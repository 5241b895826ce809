"""Watches the tickets that people have open: one look a second for each tenant, however many people look on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from maildock.domain.errors import OutageError
from maildock.tables.session import Database
from maildock.tables.ticket_versions import Version, versions

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
BEAT_SECONDS = 15.0
MOST_VIEWERS = 1000


@dataclass(slots=True, eq=False)
class _Watched:
    """A ticket that somebody looks at: its newest version, and what its viewers wait for."""

    viewers: int = 0
    version: Version | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class Watch:
    """The tickets that are watched in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tickets: dict[tuple[UUID, UUID], _Watched] = {}
        self._looking: asyncio.Task[None] | None = None
        self.stopped = False

    @property
    def is_full(self) -> bool:
        """Whether nobody more can be told."""
        return self.stopped or sum(watched.viewers for watched in self._tickets.values()) >= MOST_VIEWERS

    def stop(self) -> None:
        """Let every viewer go, for the process ends."""
        self.stopped = True
        for watched in self._tickets.values():
            watched.moved.set()

    async def changes(self, tenant: UUID, ticket_id: UUID) -> AsyncIterator[Version | None]:
        """Give each new version of a ticket, the present one first, and `None` now and then; ends by `stop`."""
        with self._viewing((tenant, ticket_id)) as watched:
            told: Version | None = None
            while not self.stopped:
                moved = watched.moved
                if watched.version == told:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(BEAT_SECONDS):
                            await moved.wait()
                changed = watched.version != told
                told = watched.version
                yield told if changed else None

    @contextlib.contextmanager
    def _viewing(self, key: tuple[UUID, UUID]) -> Iterator[_Watched]:
        watched = self._tickets.setdefault(key, _Watched())
        watched.viewers += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield watched
        finally:
            watched.viewers -= 1
            if not watched.viewers:
                del self._tickets[key]

    async def _look(self) -> None:
        """Look for as long as somebody waits."""
        while self._tickets and not self.stopped:
            for tenant in {tenant for tenant, _ in self._tickets}:
                try:
                    await self._look_at(tenant)
                except OutageError as problem:
                    log.warning("tickets not watched", tenant=str(tenant), error=str(problem))
                except Exception:  # the edge of the task; whoever waits would wait for ever
                    log.exception("tickets not watched", tenant=str(tenant))
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_at(self, tenant: UUID) -> None:
        wanted = [ticket_id for each, ticket_id in self._tickets if each == tenant]
        async with self._database.tenant(tenant) as session:
            found = await versions(session, wanted)
        for version in found:
            watched = self._tickets.get((tenant, version.ticket_id))
            if watched and watched.version != version:
                watched.version = version
                watched.moved.set()
                watched.moved = asyncio.Event()
