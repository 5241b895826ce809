"""Resume: go on with a provider that was paused, where it stopped."""

from uuid import UUID

from maildock.flow.context import Context
from maildock.queue import hint
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers


async def resume(context: Context, tenant: UUID, provider_id: UUID) -> bool:
    """Make everything due that waited for the provider, and have it polled; `False` where there is none."""
    async with context.database.tenant(tenant) as session:
        if not await email_providers.resume(session, provider_id):
            return False
        await messages.forget_outages(session, provider_id)
        await attachments.forget_outages(session, provider_id)
        await hint(session, provider_id, "mail")
        await hint(session, provider_id, "files")
    return True
