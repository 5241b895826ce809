"""A lease ends with the work that was done under it."""

import asyncio
import contextlib
from asyncio import Event, sleep
from collections.abc import AsyncIterator
from typing import cast
from uuid import UUID

from maildock.queue import Hint, lease
from maildock.tables.session import Database, TenantSession
from maildock.tasks import end
from tests.desk import Desk
from tests.mail import mail


class Hasty:
    """The real database, but a cancellation that comes together with an answer is lost, as up to Python 3.11."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.answering = Event()

    @contextlib.asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[TenantSession]:
        async with self._inner.tenant(tenant) as session:
            yield session
        self.answering.set()
        with contextlib.suppress(asyncio.CancelledError):
            await sleep(0.1)


async def test_a_lease_that_ends_while_it_is_renewed_is_free_for_others(desk: Desk) -> None:
    receipt = await desk.receive(mail("Printer"))
    on, hasty = Hint(desk.tenant.tenant, receipt.provider_id, "mail"), Hasty(desk.context.database)

    async def held_until_it_is_renewed() -> None:
        async with lease(cast("Database", hasty), on, 1):
            hasty.answering.clear()
            await hasty.answering.wait()

    holding = asyncio.create_task(held_until_it_is_renewed())
    ended, _ = await asyncio.wait([holding], timeout=10)
    await end(holding)
    assert ended
    async with lease(desk.context.database, on, 60) as next_held:
        assert next_held


async def test_a_task_that_lost_its_cancellation_is_ended_all_the_same() -> None:
    lost = Event()

    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await sleep(60)
        lost.set()
        await sleep(60)

    task = asyncio.create_task(deaf())
    await sleep(0)
    await end(task)
    assert lost.is_set()
    assert task.cancelled()
