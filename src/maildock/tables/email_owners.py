"""Whose a mail is: for commands that are given its id alone."""

from dataclasses import dataclass
from uuid import UUID

from maildock.tables.session import SweepSession


@dataclass(frozen=True, slots=True)
class EmailOwner:
    """The tenant and the provider of a mail."""

    tenant: UUID
    provider_id: UUID


async def of(session: SweepSession, email_id: str) -> list[EmailOwner]:
    """List the owners of the mails with this id; other mailboxes may have the same mail."""
    return await session.all(
        EmailOwner,
        "SELECT tenant, provider_id FROM email_processed_messages WHERE email_id = %(email_id)s"
        " ORDER BY tenant, provider_id",
        {"email_id": email_id},
    )
