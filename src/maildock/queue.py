"""Hints that there is work, and leases on doing it.

The tables are the queue of record. A hint only says "this mailbox has mail to fetch" or "this mailbox has files to
store"; it is sent by the transaction that made the work and arrives when that commits. A hint that is lost costs
nothing but the seconds until the sweep looks.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid4

import psycopg
import structlog

from maildock.domain.errors import LostClaim, OutageError
from maildock.tables import email_processed_attachments, email_processed_messages, mailbox_leases
from maildock.tables.mailbox_leases import HeldMailbox
from maildock.tables.session import Database, TenantSession
from maildock.tasks import end

log = structlog.get_logger(__name__)

CHANNEL = "maildock_work"
RELEASE_PAUSE = 0.5

Work = Literal["mail", "files", "check"]

_CLAIMS = {"mail": email_processed_messages, "files": email_processed_attachments}  # a check claims no row


@dataclass(frozen=True, slots=True)
class Hint:
    """This mailbox has work of this kind."""

    tenant: UUID
    provider_id: UUID
    work: Work


async def hint(session: TenantSession, provider_id: UUID, work: Work) -> None:
    """Tell all workers, once this transaction commits, that the mailbox has work."""
    await session.later(
        "SELECT pg_notify(%(channel)s, concat_ws(' ', %(tenant)s::text, %(provider_id)s::text, %(work)s::text))",
        {"channel": CHANNEL, "provider_id": provider_id, "work": work},
    )


async def hints(dsn: str) -> AsyncIterator[Hint]:
    """Listen for hints until cancelled; raises `psycopg.OperationalError` when the connection breaks."""
    connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=10)
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        async for notice in connection.notifies():
            tenant, provider_id, work = notice.payload.split(" ")
            yield Hint(UUID(tenant), UUID(provider_id), "files" if work == "files" else "mail")


@dataclass(slots=True)
class Lease:
    """The right to do one kind of work on one mailbox; `token` fences every write."""

    database: Database
    on: Hint
    seconds: float
    token: UUID = field(default_factory=uuid4)
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    _valid_until: float = 0

    @property
    def valid(self) -> bool:
        """Whether this process may still believe that the lease is its own."""
        return not self.lost.is_set() and time.monotonic() < self._valid_until

    def check(self) -> None:
        """Raise `LostClaim` unless the lease is valid; to be called before every request to a provider."""
        if not self.valid:
            raise LostClaim

    async def mailbox(self, session: TenantSession) -> HeldMailbox:
        """Give the mailbox, and keep the lease ours until this transaction ends; raises `LostClaim` if it is not."""
        held = await mailbox_leases.held_mailbox(session, self.on.provider_id, self.on.work, self.token)
        if held is None:
            raise LostClaim
        return held

    async def _take(self) -> bool:
        asked = time.monotonic()
        async with self.database.tenant(self.on.tenant) as session:
            taken = await mailbox_leases.take(session, self.on.provider_id, self.on.work, self.token, self.seconds)
        self._valid_until = asked + self.seconds
        return taken

    async def _renew(self) -> None:
        asked = time.monotonic()
        async with self.database.tenant(self.on.tenant) as session:
            kept = await mailbox_leases.renew(session, self.on.provider_id, self.on.work, self.token, self.seconds)
            claims = _CLAIMS.get(self.on.work)
            if kept and claims:
                await claims.renew_claims(session, self.on.provider_id, self.token, self.seconds)
        if not kept:
            self.lost.set()
        self._valid_until = asked + self.seconds

    async def _keep(self) -> None:
        while not self.lost.is_set():
            await asyncio.sleep(self.seconds / 3)
            try:
                await self._renew()
            except OutageError as problem:
                log.warning("lease not renewed", **describe(self.on), error=str(problem))
            except Exception:  # the edge of the task; the lease lapses if it cannot be renewed
                log.exception("lease not renewed", **describe(self.on))

    async def _release(self) -> None:
        """Hand everything back; tried until the database is there, for a claim that lapses looks like a death."""
        while True:
            try:
                await self._release_once()
            except OutageError as problem:
                log.warning("lease not released", **describe(self.on), error=str(problem))
                await asyncio.sleep(RELEASE_PAUSE)
            else:
                return

    async def _release_once(self) -> None:
        async with self.database.tenant(self.on.tenant) as session:
            claims = _CLAIMS.get(self.on.work)
            if claims:
                await claims.hand_back(session, self.on.provider_id, self.token)
            await mailbox_leases.release(session, self.on.provider_id, self.on.work, self.token)


@contextlib.asynccontextmanager
async def lease(database: Database, on: Hint, seconds: float) -> AsyncIterator[Lease | None]:
    """Hold the mailbox's lease for a while, renewed in the background; `None` when somebody else has it.

    What was claimed under it and not settled is handed back at the end.
    """
    held = Lease(database, on, seconds)
    if not await held._take():  # noqa: SLF001 - the lease's own context
        yield None
        return
    keeper = asyncio.create_task(held._keep())  # noqa: SLF001
    try:
        yield held
    finally:
        await end(keeper)
        await held._release()  # noqa: SLF001


def describe(on: Hint) -> dict[str, str]:
    """Name the mailbox in a log line."""
    return {"tenant": str(on.tenant), "provider_id": str(on.provider_id), "work": on.work}
