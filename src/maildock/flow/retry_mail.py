"""Retry a mail: a person's wish to have one that could not be filed tried again now."""

from uuid import UUID

from maildock.flow.context import Context
from maildock.queue import hint
from maildock.tables import email_processed_messages as messages


async def retry_mail(context: Context, tenant: UUID, provider_id: UUID, email_id: str) -> str | None:
    """Make one mail due again that failed, died or was gone; gives its status before, `None` where there is no such.

    What waits already or is settled stays as it is.
    """
    async with context.database.tenant(tenant) as session:
        before = await messages.make_due(session, provider_id, email_id)
        if before in messages.CAN_BE_DUE_AGAIN:
            await hint(session, provider_id, "mail")
    return before
