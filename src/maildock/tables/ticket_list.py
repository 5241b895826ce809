"""The list of tickets: keyset-paged by what it is ordered by, each page found by an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from maildock.domain.search import past
from maildock.tables.api_reads import LAST_NUMBER
from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket in the list: `documents` it has, `problems` are parts failed or dead, `pending` parts under way."""

    ticket_id: UUID
    number: int
    subject: str
    status: str
    requester: str | None
    requester_name: str
    updated_at: datetime
    documents: int
    problems: int
    pending: int
    unread: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets: of a status, or all for an empty one; with words that begin with each of the `terms`.

    With a `number` it is the one of this number.
    """

    status: str = ""
    terms: Sequence[str] = ()
    before: tuple[datetime, int] | None = None
    number: int | None = None


_OF_STATUS: LiteralString = " AND t.status = %(status)s"
_OF_NUMBER: LiteralString = " AND t.number = %(meant)s"


async def overview(session: TenantSession, user_id: UUID, wanted: Wanted, limit: int) -> list[TicketLine]:
    """List tickets as this person sees them, those with the newest mail first."""
    at, number = wanted.before or (None, LAST_NUMBER)
    bounds = {f"from{index}": term for index, term in enumerate(wanted.terms)}
    bounds |= {f"to{index}": past(term) for index, term in enumerate(wanted.terms)}
    conditions = (_OF_STATUS if wanted.status else "") + (_OF_NUMBER if wanted.number is not None else "")
    conditions += "".join(map(_having, range(len(wanted.terms))))
    return await session.all(
        TicketLine,
        "SELECT t.*, (SELECT count(*) FROM document_associations AS d WHERE d.tenant = %(tenant)s"
        "  AND d.entity_type = 'ticket' AND d.entity_id = t.ticket_id) AS documents, problems, pending,"
        " t.updated_at > greatest((SELECT u.read_until FROM users AS u WHERE u.tenant = %(tenant)s"
        "  AND u.user_id = %(user_id)s), (SELECT r.seen_at FROM ticket_readings AS r WHERE r.tenant = %(tenant)s"
        "  AND r.user_id = %(user_id)s AND r.ticket_id = t.ticket_id)) AS unread"
        " FROM (SELECT t.ticket_id, t.number, t.subject, t.status, t.requester, t.requester_name, t.updated_at"
        f"  FROM tickets AS t WHERE t.tenant = %(tenant)s{conditions}"
        "  AND (t.updated_at, t.number) < (coalesce(%(at)s::timestamptz, 'infinity'), %(number)s)"
        "  ORDER BY t.updated_at DESC, t.number DESC LIMIT %(limit)s) AS t"
        " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE a.status IN ('failed', 'dead')) AS problems,"
        "  count(*) FILTER (WHERE a.status IN ('pending', 'processing')) AS pending"
        "  FROM email_processed_attachments AS a WHERE a.tenant = %(tenant)s AND a.ticket_id = t.ticket_id) AS parts"
        " ORDER BY t.updated_at DESC, t.number DESC",
        {
            "user_id": user_id,
            "status": wanted.status,
            "at": at,
            "number": number,
            "meant": wanted.number,
            "limit": limit,
            **bounds,
        },
    )


def _having(index: int) -> str:
    return (
        " AND EXISTS (SELECT FROM ticket_words AS w WHERE w.tenant = %(tenant)s AND w.ticket_id = t.ticket_id"
        f" AND w.word >= %(from{index})s AND w.word < %(to{index})s)"
    )
