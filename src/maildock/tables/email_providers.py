"""`email_providers`: a tenant's configured connections to where mail comes from."""

from dataclasses import dataclass
from datetime import datetime
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


_COLUMNS = "provider_id, kind, mailbox, status, status_reason, last_push_at, last_poll_at, last_mail_at"


async def get(session: TenantSession, provider_id: UUID) -> ProviderRow | None:
    """Give one provider of the tenant."""
    statement = f"SELECT {_COLUMNS} FROM email_providers WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s"
    return await session.one(ProviderRow, statement, {"provider_id": provider_id})


async def working(session: TenantSession, provider_id: UUID) -> ProviderRow | None:
    """Give the provider unless it is paused or gone."""
    found = await get(session, provider_id)
    return found if found and found.status == "active" else None


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


async def tenant_of(session: SweepSession, provider_id: UUID) -> UUID | None:
    """Say whose provider this is."""
    tenant: UUID | None = await session.value(
        "SELECT tenant FROM email_providers WHERE provider_id = %(provider_id)s", {"provider_id": provider_id}
    )
    return tenant
