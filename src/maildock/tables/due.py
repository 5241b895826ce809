"""Where work is due, in one mailbox or over all tenants. Timestamps and keys only, never content."""

from dataclasses import dataclass
from uuid import UUID

from maildock.tables.email_providers import AWAKE, TO_ASK
from maildock.tables.session import SweepSession, TenantSession


@dataclass(frozen=True, slots=True)
class DueMailbox:
    """A mailbox with due work; `work` is `mail` or `files`."""

    tenant: UUID
    provider_id: UUID
    work: str


# How often in a row a mailbox may fail to answer before nobody waits for it.
PATIENCE = 4

_WORKING = (
    " EXISTS (SELECT FROM email_providers AS p"
    "  WHERE p.tenant = d.tenant AND p.provider_id = d.provider_id AND p.status = 'active' AND" + AWAKE + ")"
)

_DUE = (
    " (next_attempt_at IS NULL OR next_attempt_at <= now()) AND (claimed_until IS NULL OR claimed_until < now())"
    " AND" + _WORKING
)


async def mailboxes(session: SweepSession) -> list[DueMailbox]:
    """List the mailboxes with due and unclaimed rows (partial indexes hold the open ones), and those to be asked."""
    return await session.all(
        DueMailbox,
        "SELECT DISTINCT tenant, provider_id, 'mail' AS work FROM email_processed_messages AS d"
        " WHERE status IN ('received', 'failed') AND" + _DUE + " UNION ALL"
        " SELECT DISTINCT tenant, provider_id, 'files' FROM email_processed_attachments AS d"
        " WHERE status IN ('pending', 'processing', 'failed') AND" + _DUE + " UNION ALL"
        " SELECT p.tenant, p.provider_id, 'mail' FROM email_providers AS p WHERE" + TO_ASK,
    )


async def is_due(session: TenantSession, provider_id: UUID, work: str) -> bool:
    """Say whether one mailbox has due and unclaimed rows, or is to be asked."""
    found = await session.value(
        "SELECT true WHERE (%(work)s = 'mail' AND EXISTS (SELECT FROM email_processed_messages AS d"
        " WHERE d.tenant = %(tenant)s AND d.provider_id = %(provider_id)s AND status IN ('received', 'failed') AND"
        + _DUE
        + ")) OR (%(work)s = 'files' AND EXISTS (SELECT FROM email_processed_attachments AS d"
        " WHERE d.tenant = %(tenant)s AND d.provider_id = %(provider_id)s"
        " AND status IN ('pending', 'processing', 'failed') AND"
        + _DUE
        + ")) OR (%(work)s = 'mail' AND EXISTS (SELECT FROM email_providers AS p"
        " WHERE p.tenant = %(tenant)s AND p.provider_id = %(provider_id)s AND" + TO_ASK + "))",
        {"provider_id": provider_id, "work": work},
    )
    return found is True


async def untried(session: TenantSession, provider_id: UUID) -> str | None:
    """Name the kind of work that a mailbox has and nobody has tried yet: `mail` before `files`, `None` for none."""
    kind: str | None = await session.value(
        "SELECT CASE"
        " WHEN EXISTS (SELECT FROM email_providers WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s"
        "  AND (poll_at <= now() OR poll_failures BETWEEN 1 AND %(patience)s)) THEN 'mail'"
        " WHEN EXISTS (SELECT FROM email_processed_messages WHERE tenant = %(tenant)s"
        "  AND provider_id = %(provider_id)s AND status = 'received') THEN 'mail'"
        " WHEN EXISTS (SELECT FROM email_processed_attachments WHERE tenant = %(tenant)s"
        "  AND provider_id = %(provider_id)s AND status IN ('pending', 'processing')) THEN 'files' END",
        {"provider_id": provider_id, "patience": PATIENCE},
    )
    return kind


async def any_claim(session: SweepSession) -> bool:
    """Say whether any row is claimed: by a living worker, or by a dead one where somebody may take it over."""
    found = await session.value(
        "SELECT true WHERE EXISTS (SELECT FROM email_processed_attachments AS d WHERE status = 'processing'"
        "  AND (claimed_until >= now() OR" + _WORKING + "))"
        " OR EXISTS (SELECT FROM email_processed_messages"
        "  WHERE status IN ('received', 'failed') AND claimed_until >= now())"
    )
    return found is True
