"""`comments`: what was said on a ticket; the first mail is its first comment."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from maildock.tables import ticket_words
from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment as filing writes it; `reply_text` is the text without the quoted history."""

    comment_id: UUID
    ticket_id: UUID
    author: str | None
    author_name: str
    author_hash: bytes
    author_is_new: bool
    automatic: bool
    body_text: str
    body_html: str
    reply_text: str
    message_id: str | None
    provider_id: UUID
    email_id: str


async def create(session: TenantSession, comment: NewComment) -> None:
    """Add a comment to its ticket."""
    await session.later(
        "INSERT INTO comments (tenant, comment_id, ticket_id, author, author_name, author_hash, author_is_new,"
        " automatic, body_text, body_html, reply_text, message_id, provider_id, email_id)"
        " VALUES (%(tenant)s, %(comment_id)s, %(ticket_id)s, %(author)s, %(author_name)s, %(author_hash)s,"
        " %(author_is_new)s, %(automatic)s, %(body_text)s, %(body_html)s, %(reply_text)s, %(message_id)s,"
        " %(provider_id)s, %(email_id)s)",
        {name: getattr(comment, name) for name in NewComment.__slots__},
    )
    await ticket_words.add(session, comment.ticket_id, "sender", comment.author, comment.author_name)


async def takes_part(session: TenantSession, ticket_id: UUID, author_hash: bytes) -> bool:
    """Say whether this author has already written on the ticket."""
    found = await session.value(
        "SELECT true FROM comments WHERE tenant = %(tenant)s AND ticket_id = %(ticket_id)s"
        " AND author_hash = %(author_hash)s LIMIT 1",
        {"ticket_id": ticket_id, "author_hash": author_hash},
    )
    return found is True


async def mark_twinned(session: TenantSession, comment_id: UUID) -> None:
    """Remember that the same mail came through another mailbox too."""
    await session.later(
        "UPDATE comments SET twinned = true WHERE tenant = %(tenant)s AND comment_id = %(comment_id)s",
        {"comment_id": comment_id},
    )


async def lock_twinned(session: TenantSession, comment_ids: Sequence[UUID]) -> list[UUID]:
    """Give those of the comments that are twinned, locked: their files are compared one group at a time."""
    rows = await session.values(
        "SELECT comment_id FROM comments WHERE tenant = %(tenant)s AND comment_id = ANY(%(comment_ids)s) AND twinned"
        " ORDER BY comment_id FOR UPDATE",
        {"comment_ids": list(set(comment_ids))},
    )
    return [row[0] for row in rows]
