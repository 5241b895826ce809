"""Ask now: a person's wish to have a mailbox read at once, or from an earlier time on."""

from datetime import datetime
from uuid import UUID

from maildock.flow.context import Context
from maildock.queue import hint
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers, mailbox_cursors


async def ask_now(context: Context, tenant: UUID, provider_id: UUID, since: datetime | None = None) -> None:
    """Make a mailbox due; an earlier `since` moves its start time back, and has it read anew from there."""
    async with context.database.tenant(tenant) as session:
        if since is not None and await email_providers.begin_earlier(session, provider_id, since):
            await mailbox_cursors.move(session, provider_id, None)
            await messages.want_earlier(session, provider_id, since)
        await email_providers.poll_now(session, provider_id)
        await hint(session, provider_id, "mail")
        await hint(session, provider_id, "files")
