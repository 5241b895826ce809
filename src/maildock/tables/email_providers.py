"""`email_providers`: a tenant's configured connections to where mail comes from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from maildock.tables.session import SweepSession, TenantSession


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider: `status` is `active` or `paused`, with the reason in words."""

    provider_id: UUID
    kind: str
    mailbox: str
    status: str
    status_reason: str | None
    last_push_at: datetime | None
    last_poll_at: datetime | None
    last_mail_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OpenWork:
    """How many mails and attachments of a provider still wait, and how many have failed or died."""

    backlog: int
    failing: int


_COLUMNS = "provider_id, kind, mailbox, status, status_reason, last_push_at, last_poll_at, last_mail_at, created_at"


async def get(session: TenantSession, provider_id: UUID) -> ProviderRow | None:
    """Give one provider of the tenant."""
    statement = f"SELECT {_COLUMNS} FROM email_providers WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s"
    return await session.one(ProviderRow, statement, {"provider_id": provider_id})


async def working(session: TenantSession, provider_id: UUID) -> ProviderRow | None:
    """Give the provider unless it is paused or gone."""
    found = await get(session, provider_id)
    return found if found and found.status == "active" else None


async def page(session: TenantSession, before: tuple[Any, ...] | None, limit: int) -> list[ProviderRow]:
    """List the tenant's providers, the newest first, before `(created_at, provider_id)`."""
    at, last = before or (None, None)
    return await session.all(
        ProviderRow,
        f"SELECT {_COLUMNS} FROM email_providers WHERE tenant = %(tenant)s"
        " AND (created_at, provider_id) < (coalesce(%(at)s::timestamptz, 'infinity'), %(last)s::uuid)"
        " ORDER BY created_at DESC, provider_id DESC LIMIT %(limit)s",
        {"at": at, "last": last, "limit": limit},
    )


# Each condition is that of a small index, so that a mailbox's long history is not read.
_OPEN: LiteralString = (
    "SELECT sum(waiting)::bigint AS backlog, sum(broken)::bigint AS failing FROM ("
    "SELECT count(*) AS waiting, count(*) FILTER (WHERE status = 'failed') AS broken FROM email_processed_messages"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('received', 'failed')"
    " UNION ALL SELECT 0, count(*) FROM email_processed_messages"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status = 'dead'"
    " UNION ALL SELECT count(*), count(*) FILTER (WHERE status = 'failed') FROM email_processed_attachments"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('pending', 'processing', 'failed')"
    " UNION ALL SELECT 0, count(*) FROM email_processed_attachments"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status = 'dead') AS work"
)


async def open_work(session: TenantSession, provider_id: UUID) -> OpenWork:
    """Count what of this provider is not done."""
    return await session.one(OpenWork, _OPEN, {"provider_id": provider_id}) or OpenWork(0, 0)


async def note_mail(session: TenantSession, provider_id: UUID) -> None:
    """Write down that a mail has just been filed from this provider."""
    await session.execute(
        "UPDATE email_providers SET last_mail_at = now() WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
        {"provider_id": provider_id},
    )


async def set_status(session: TenantSession, provider_id: UUID, status: str, reason: str | None) -> bool:
    """Pause or resume a provider; `False` when there is none."""
    changed = await session.execute(
        "UPDATE email_providers SET status = %(status)s, status_reason = %(reason)s"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
        {"provider_id": provider_id, "status": status, "reason": reason},
    )
    return changed == 1


async def begin_earlier(session: TenantSession, provider_id: UUID, since: datetime) -> None:
    """Move the start time of a provider back; a later one changes nothing."""
    await session.execute(
        "UPDATE email_providers SET since = least(since, %(since)s)"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
        {"provider_id": provider_id, "since": since},
    )


async def remove(session: TenantSession, provider_id: UUID) -> bool:
    """Remove a provider through which no mail came; `False` when mail refers to it."""
    removed = await session.execute(
        "DELETE FROM email_providers WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND NOT EXISTS"
        " (SELECT FROM email_processed_messages AS m"
        "  WHERE m.tenant = %(tenant)s AND m.provider_id = %(provider_id)s)",
        {"provider_id": provider_id},
    )
    return removed == 1


async def tenant_of(session: SweepSession, provider_id: UUID) -> UUID | None:
    """Say whose provider this is."""
    tenant: UUID | None = await session.value(
        "SELECT tenant FROM email_providers WHERE provider_id = %(provider_id)s", {"provider_id": provider_id}
    )
    return tenant
