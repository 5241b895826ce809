"""`ticket_readings`: how far each person has read each ticket."""

from datetime import datetime
from uuid import UUID

from maildock.tables.session import TenantSession


async def note(session: TenantSession, user_id: UUID, ticket_id: UUID, seen_at: datetime) -> None:
    """Remember that a person has seen a ticket as it was at its change of `seen_at`."""
    await session.execute(
        "INSERT INTO ticket_readings AS r (tenant, user_id, ticket_id, seen_at)"
        " VALUES (%(tenant)s, %(user_id)s, %(ticket_id)s, %(seen_at)s)"
        " ON CONFLICT (tenant, user_id, ticket_id) DO UPDATE SET seen_at = excluded.seen_at"
        " WHERE r.seen_at < excluded.seen_at",
        {"user_id": user_id, "ticket_id": ticket_id, "seen_at": seen_at},
    )


async def note_all(session: TenantSession, user_id: UUID) -> None:
    """Remember that a person wants to see no ticket of up to now as unread."""
    await session.execute(
        "UPDATE users SET read_until = coalesce((SELECT max(t.updated_at) FROM tickets AS t"
        " WHERE t.tenant = %(tenant)s), read_until) WHERE tenant = %(tenant)s AND user_id = %(user_id)s",
        {"user_id": user_id},
    )
    await session.execute(
        "DELETE FROM ticket_readings WHERE tenant = %(tenant)s AND user_id = %(user_id)s", {"user_id": user_id}
    )
