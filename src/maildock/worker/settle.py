"""Work until mails have settled: for those who wait for the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from maildock.domain.errors import MaildockError
from maildock.flow.context import Context
from maildock.queue import Hint, Work
from maildock.tables import due, email_providers
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import email_processed_messages as messages
from maildock.tables.session import TenantSession
from maildock.worker.worker import Worker

SHORTEST_LOOK, LONGEST_LOOK = 0.01, 0.25

# What is still to do, and for which mails.
Left = tuple[Work, list[str]]


async def settle(context: Context, worker: Worker, tenant: UUID, provider_id: UUID, email_ids: Sequence[str]) -> None:
    """Return when each mail is filed or has failed once, and each of its attachments has settled or failed once.

    `worker` does the work unless another process holds the mailbox's lease; then that one's results are waited for.
    Raises `MaildockError` where the provider is paused.
    """
    wanted = list(dict.fromkeys(email_ids))

    async def left(session: TenantSession) -> Left | None:
        if unfiled := await messages.unsettled(session, provider_id, wanted):
            return "mail", unfiled
        # Only a mail that is filed has rows, so all of them are looked at once the last one is.
        unstored = await attachments.unsettled(session, provider_id, wanted)
        return ("files", unstored) if unstored else None

    await _work_until_done(context, worker, tenant, provider_id, left)


async def settle_all(context: Context, worker: Worker, tenant: UUID, provider_id: UUID) -> None:
    """Do the same for whatever the provider has brought in so far."""

    async def left(session: TenantSession) -> Left | None:
        found = await due.untried(session, provider_id)
        return None if found is None else ("files" if found == "files" else "mail", [])

    await _work_until_done(context, worker, tenant, provider_id, left)


async def _work_until_done(
    context: Context,
    worker: Worker,
    tenant: UUID,
    provider_id: UUID,
    left: Callable[[TenantSession], Awaitable[Left | None]],
) -> None:
    before: Left | None = None
    pause, ended = SHORTEST_LOOK, False
    while True:
        async with context.database.tenant(tenant) as session:
            now = await left(session)
            row = await email_providers.get(session, provider_id)
        if now is None:
            return
        if row is None or row.status == "paused":
            why = f": {row.status_reason}" if row and row.self_paused else ""
            raise MaildockError(
                f"the provider is paused{why}; its mail waits: `maildock providers resume {provider_id}`"
            )
        if ended and before == now:
            # Our turn changed nothing: the work is another process's, or not due yet.
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)
        else:
            pause = SHORTEST_LOOK
        before = now
        worker.wake(Hint(tenant, provider_id, now[0]))
        ended = await worker.next_end(LONGEST_LOOK)
