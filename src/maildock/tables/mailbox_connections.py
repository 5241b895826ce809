"""`mailbox_connections`: how a mailbox is reached. What is secret is sealed; the rest is its kind's own JSON."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A mailbox's address and start time, with its connection's settings (JSON) and sealed credentials."""

    mailbox: str
    since: datetime
    settings: str
    sealed: bytes


async def get(session: TenantSession, provider_id: UUID) -> ConnectionRow | None:
    """Give a mailbox's connection, `None` where there is none."""
    return await session.one(
        ConnectionRow,
        "SELECT p.mailbox, p.since, c.settings, c.sealed FROM mailbox_connections AS c"
        " JOIN email_providers AS p ON p.tenant = %(tenant)s AND p.provider_id = c.provider_id"
        " WHERE c.tenant = %(tenant)s AND c.provider_id = %(provider_id)s",
        {"provider_id": provider_id},
    )


async def create(session: TenantSession, provider_id: UUID, settings: str, sealed: bytes) -> None:
    """Write a new mailbox's connection."""
    await session.execute(
        "INSERT INTO mailbox_connections (tenant, provider_id, settings, sealed)"
        " VALUES (%(tenant)s, %(provider_id)s, %(settings)s, %(sealed)s)",
        {"provider_id": provider_id, "settings": settings, "sealed": sealed},
    )


async def reseal(session: TenantSession, provider_id: UUID, sealed: bytes) -> bool:
    """Replace the credentials; `False` where there is no such mailbox."""
    replaced = await session.execute(
        "UPDATE mailbox_connections SET sealed = %(sealed)s, updated_at = now()"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
        {"provider_id": provider_id, "sealed": sealed},
    )
    return replaced == 1


async def resettle(session: TenantSession, provider_id: UUID, settings: str) -> bool:
    """Replace the settings; `False` where there is no such mailbox."""
    replaced = await session.execute(
        "UPDATE mailbox_connections SET settings = %(settings)s, updated_at = now()"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
        {"provider_id": provider_id, "settings": settings},
    )
    return replaced == 1


async def forget(session: TenantSession, provider_id: UUID) -> None:
    """Delete a mailbox's connection, with its credentials."""
    await session.execute(
        "DELETE FROM mailbox_connections WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
        {"provider_id": provider_id},
    )
