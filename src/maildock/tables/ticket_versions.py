"""What a page about a ticket is compared by: a short word each for its files and for what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class Version:
    """Two words that differ from an earlier pair where something has changed since."""

    ticket_id: UUID
    files: str
    said: str


async def versions(session: TenantSession, ticket_ids: Sequence[UUID]) -> list[Version]:
    """Give the versions of these tickets, in one statement."""
    return await session.all(
        Version,
        "SELECT t.ticket_id, files, (SELECT count(*) FROM comments AS c WHERE c.tenant = %(tenant)s"
        "  AND c.ticket_id = t.ticket_id)::text || t.status AS said"
        " FROM tickets AS t CROSS JOIN LATERAL (SELECT md5(concat_ws(' ', count(*),"
        "  count(*) FILTER (WHERE a.status = 'stored'), count(*) FILTER (WHERE a.status = 'failed'),"
        "  count(*) FILTER (WHERE a.status = 'processing'), sum(a.attempts + a.outages), max(a.updated_at))) AS files"
        "  FROM email_processed_attachments AS a WHERE a.tenant = %(tenant)s AND a.ticket_id = t.ticket_id) AS parts"
        " WHERE t.tenant = %(tenant)s AND t.ticket_id = ANY(%(ticket_ids)s)",
        {"ticket_ids": list(ticket_ids)},
    )
