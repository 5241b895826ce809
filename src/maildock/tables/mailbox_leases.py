"""`mailbox_leases`: at most one holder works on a mailbox's mail, and one on its files.

A lease is held by whoever knows its token, until it expires. The database's clock alone decides.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.email_providers import AWAKE
from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class HeldMailbox:
    """A mailbox under a lease; `working` unless it is paused or gone, or has asked us to wait."""

    kind: str
    mailbox: str
    since: datetime
    working: bool


async def take(session: TenantSession, provider_id: UUID, work: str, token: UUID, seconds: float) -> bool:
    """Take the lease if it is free or has expired; says whether it is ours now."""
    taken = await session.execute(
        "INSERT INTO mailbox_leases AS held (tenant, provider_id, work, token, taken_at, expires_at)"
        " VALUES (%(tenant)s, %(provider_id)s, %(work)s, %(token)s, now(), now() + make_interval(secs => %(seconds)s))"
        " ON CONFLICT (tenant, provider_id, work) DO UPDATE"
        " SET token = excluded.token, taken_at = excluded.taken_at, expires_at = excluded.expires_at"
        " WHERE held.expires_at <= excluded.taken_at",
        {"provider_id": provider_id, "work": work, "token": token, "seconds": seconds},
    )
    return taken == 1


async def renew(session: TenantSession, provider_id: UUID, work: str, token: UUID, seconds: float) -> bool:
    """Prolong a lease that is still ours; `False` when it has been lost."""
    renewed = await session.execute(
        "UPDATE mailbox_leases SET expires_at = now() + make_interval(secs => %(seconds)s)"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND work = %(work)s AND token = %(token)s"
        " AND expires_at > now()",
        {"provider_id": provider_id, "work": work, "token": token, "seconds": seconds},
    )
    return renewed == 1


async def release(session: TenantSession, provider_id: UUID, work: str, token: UUID) -> None:
    """Give the lease back; one that is no longer ours stays as it is."""
    await session.execute(
        "DELETE FROM mailbox_leases"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND work = %(work)s AND token = %(token)s",
        {"provider_id": provider_id, "work": work, "token": token},
    )


async def is_held(session: TenantSession, provider_id: UUID, work: str, token: UUID) -> bool:
    """Say whether `token` still holds, and keep it from changing hands until this transaction ends."""
    held = await session.value(
        "SELECT true FROM mailbox_leases"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND work = %(work)s AND token = %(token)s"
        " AND expires_at > clock_timestamp() FOR SHARE",
        {"provider_id": provider_id, "work": work, "token": token},
    )
    return held is True


async def held_mailbox(session: TenantSession, provider_id: UUID, work: str, token: UUID) -> HeldMailbox | None:
    """Give the mailbox if `token` still holds it, and keep it from changing hands until this transaction ends."""
    return await session.one(
        HeldMailbox,
        f"SELECT p.kind, p.mailbox, p.since, p.removed_at IS NULL AND p.status = 'active' AND {AWAKE} AS working"
        " FROM mailbox_leases AS l JOIN email_providers AS p ON p.tenant = %(tenant)s AND p.provider_id = l.provider_id"
        " WHERE l.tenant = %(tenant)s AND l.provider_id = %(provider_id)s AND l.work = %(work)s AND l.token = %(token)s"
        " AND l.expires_at > clock_timestamp() FOR SHARE OF l",
        {"provider_id": provider_id, "work": work, "token": token},
    )
