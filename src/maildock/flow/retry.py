"""Retry: a person's wish to have failed, dead or skipped parts stored after all."""

from dataclasses import dataclass
from uuid import UUID

from maildock.domain.errors import UsageError
from maildock.flow.context import Context
from maildock.queue import hint
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import email_processed_messages as messages


@dataclass(frozen=True, slots=True)
class AttachmentAddress:
    """A ledger row's key within its tenant."""

    provider_id: UUID
    email_id: str
    attachment_id: str

    @classmethod
    def parse(cls, text: str) -> "AttachmentAddress":
        """Read `provider_id:email_id:attachment_id`, cut at the first and the last colon."""
        provider, _, rest = text.partition(":")
        email_id, _, attachment_id = rest.rpartition(":")
        try:
            provider_id = UUID(provider)
        except ValueError:
            provider_id = None
        if provider_id is None or not email_id or not attachment_id:
            raise UsageError(f"{text!r} is not an address; write provider_id:email_id:attachment_id")
        return cls(provider_id, email_id, attachment_id)


async def retry(context: Context, tenant: UUID, address: AttachmentAddress, *, keep_inline: bool = False) -> str | None:
    """Make one part due again; gives its status before, `None` where the tenant has no such part.

    What is pending, in work or stored stays as it is, but for the wish to keep what is shown inline.
    """
    async with context.database.tenant(tenant) as session:
        before = await attachments.make_due(
            session, address.provider_id, address.email_id, address.attachment_id, keep=keep_inline
        )
        if before not in (None, "stored"):
            await hint(session, address.provider_id, "files")
    return before


async def retry_all_failed(context: Context, tenant: UUID) -> list[AttachmentAddress]:
    """Make everything due again that has failed or died in this tenant, mails that were never filed as well.

    Gives the parts that are due now; those of removed mailboxes stay dead.
    """
    async with context.database.tenant(tenant) as session:
        for provider_id in await messages.make_all_failed_due(session):
            await hint(session, provider_id, "mail")
        due = [AttachmentAddress(*key) for key in await attachments.make_all_failed_due(session)]
        for provider_id in dict.fromkeys(address.provider_id for address in due):
            await hint(session, provider_id, "files")
    return due
