"""`mailbox_cursors`: how far each mailbox has been read. Opaque to all but its provider."""

from uuid import UUID

from maildock.tables.session import TenantSession


async def get(session: TenantSession, provider_id: UUID) -> str | None:
    """Give where the next page begins, `None` at the very beginning."""
    cursor: str | None = await session.value(
        "SELECT cursor FROM mailbox_cursors WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
        {"provider_id": provider_id},
    )
    return cursor


async def move(session: TenantSession, provider_id: UUID, cursor: str | None) -> None:
    """Move on; the caller holds the mailbox's lease in this transaction."""
    await session.execute(
        "INSERT INTO mailbox_cursors AS held (tenant, provider_id, cursor)"
        " VALUES (%(tenant)s, %(provider_id)s, %(cursor)s)"
        " ON CONFLICT (tenant, provider_id) DO UPDATE SET cursor = excluded.cursor",
        {"provider_id": provider_id, "cursor": cursor},
    )
