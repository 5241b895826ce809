"""`tickets` and `ticket_counters`: what people work on, numbered from 1 in each tenant."""

from collections.abc import Sequence
from uuid import UUID

from maildock.tables import ticket_words
from maildock.tables.session import TenantSession


async def create(
    session: TenantSession, ticket_id: UUID, subject: str, requester: str | None, requester_name: str
) -> int:
    """Open a ticket under the tenant's next number, and give that number."""
    number = await session.value(
        "UPDATE ticket_counters SET last_number = last_number + 1 WHERE tenant = %(tenant)s RETURNING last_number"
    )
    await session.later(
        "INSERT INTO tickets (tenant, ticket_id, number, subject, requester, requester_name)"
        " VALUES (%(tenant)s, %(ticket_id)s, %(number)s, %(subject)s, %(requester)s, %(requester_name)s)",
        {
            "ticket_id": ticket_id,
            "number": number,
            "subject": subject,
            "requester": requester,
            "requester_name": requester_name,
        },
    )
    await ticket_words.add(session, ticket_id, "subject", str(number), subject)
    return int(number)


async def note_comment(session: TenantSession, ticket_id: UUID, *, opens: bool) -> None:
    """Note a new comment on the ticket; one that `opens` it does so if it was closed."""
    await session.later(
        "UPDATE tickets SET status = CASE WHEN %(opens)s THEN 'open' ELSE status END, updated_at = now()"
        " WHERE tenant = %(tenant)s AND ticket_id = %(ticket_id)s",
        {"ticket_id": ticket_id, "opens": opens},
    )


async def numbered_with(session: TenantSession, numbers: Sequence[int], author_hash: bytes) -> UUID | None:
    """Find the ticket with the first of these numbers in which this author already takes part."""
    found: UUID | None = await session.value(
        "SELECT ticket_id FROM tickets AS t WHERE tenant = %(tenant)s AND number = ANY(%(numbers)s) AND EXISTS"
        " (SELECT FROM comments AS c WHERE c.tenant = %(tenant)s AND c.ticket_id = t.ticket_id"
        "  AND c.author_hash = %(author_hash)s)"
        " ORDER BY array_position(%(numbers)s::integer[], number) LIMIT 1",
        {"numbers": list(numbers), "author_hash": author_hash},
    )
    return found


async def number_of(session: TenantSession, ticket_id: UUID) -> int | None:
    """Give a ticket's number."""
    number: int | None = await session.value(
        "SELECT number FROM tickets WHERE tenant = %(tenant)s AND ticket_id = %(ticket_id)s", {"ticket_id": ticket_id}
    )
    return number
