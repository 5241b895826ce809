"""Work until certain mails have settled: for those who wait for the answer."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from maildock.flow.context import Context
from maildock.queue import Hint
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import email_processed_messages as messages
from maildock.worker.worker import Worker

SHORTEST_LOOK, LONGEST_LOOK = 0.01, 0.25


async def settle(context: Context, worker: Worker, tenant: UUID, provider_id: UUID, email_ids: Sequence[str]) -> None:
    """Return when each mail is filed or has failed once, and each of its attachments has settled or failed once.

    `worker` does the work unless another process holds the mailbox's lease; then that one's results are waited for.
    """
    wanted = list(dict.fromkeys(email_ids))
    pause = SHORTEST_LOOK
    while True:
        async with context.database.tenant(tenant) as session:
            unfiled = await messages.unsettled(session, provider_id, wanted)
            # Only a mail that is filed has rows, so all of them are looked at once the last one is.
            if not unfiled and not await attachments.unsettled(session, provider_id, wanted):
                return
        worker.wake(Hint(tenant, provider_id, "mail" if unfiled else "files"))
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_LOOK)
