"""What people at the desk look at: a ticket with its conversation and files.

Reads over several tables, one statement a list; lists are keyset-paged by what they are ordered by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.email_providers import OpenWork
from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class TicketHead:
    """A ticket without what was said on it; `comments` and `documents` are counts."""

    ticket_id: UUID
    number: int
    subject: str
    status: str
    requester: str | None
    requester_name: str
    created_at: datetime
    updated_at: datetime
    comments: int
    documents: int


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, its bodies cut to what was asked for; `text_length` and `html_length` count the whole."""

    comment_id: UUID
    author: str | None
    author_name: str
    author_is_new: bool
    automatic: bool
    body_text: str
    body_html: str
    reply_text: str
    text_length: int
    html_length: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document of a ticket, and the mail that brought it."""

    document_id: UUID
    name: str
    content_type: str
    size: int
    created_at: datetime
    sha256: str
    sender: str | None
    subject: str | None
    comment_id: UUID | None


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document that its mail may show within its text, by this content id."""

    comment_id: UUID
    content_id: str
    document_id: UUID


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a mail that is not stored, whatever the reason; `size` may be the declared one."""

    provider_id: UUID
    email_id: str
    attachment_id: str
    file_name: str
    content_type: str
    size: int | None
    status: str
    reason: str | None
    error_message: str | None
    attempts: int
    next_attempt_at: datetime | None
    document_id: UUID | None
    sender: str | None


async def ticket(session: TenantSession, number: int) -> TicketHead | None:
    """Give a ticket by its number."""
    return await session.one(
        TicketHead,
        "SELECT ticket_id, number, subject, status, requester, requester_name, created_at, updated_at,"
        " (SELECT count(*) FROM comments AS c WHERE c.tenant = %(tenant)s AND c.ticket_id = t.ticket_id) AS comments,"
        " (SELECT count(*) FROM document_associations AS d WHERE d.tenant = %(tenant)s AND d.entity_type = 'ticket'"
        "  AND d.entity_id = t.ticket_id) AS documents"
        " FROM tickets AS t WHERE t.tenant = %(tenant)s AND t.number = %(number)s",
        {"number": number},
    )


async def set_ticket_status(session: TenantSession, ticket_id: UUID, status: str) -> None:
    """Close a ticket or open it again."""
    await session.execute(
        "UPDATE tickets SET status = %(status)s WHERE tenant = %(tenant)s AND ticket_id = %(ticket_id)s",
        {"ticket_id": ticket_id, "status": status},
    )


_SAID = (
    "SELECT comment_id, author, author_name, author_is_new, automatic, left(body_text, %(most)s) AS body_text,"
    " left(body_html, %(most)s) AS body_html, left(reply_text, %(most)s) AS reply_text,"
    " length(body_text) AS text_length, length(body_html) AS html_length, created_at"
    " FROM comments WHERE tenant = %(tenant)s AND ticket_id = %(ticket_id)s"
)


async def conversation(
    session: TenantSession, ticket_id: UUID, before: tuple[datetime, UUID] | None, limit: int, most: int
) -> list[Said]:
    """Give the last `limit` comments (before a given one), oldest first, each body cut to `most` characters."""
    newest_first = await session.all(
        Said,
        _SAID + " AND (%(at)s::timestamptz IS NULL OR (created_at, comment_id) < (%(at)s, %(comment_id)s))"
        " ORDER BY created_at DESC, comment_id DESC LIMIT %(limit)s",
        {
            "ticket_id": ticket_id,
            "at": before and before[0],
            "comment_id": before and before[1],
            "limit": limit,
            "most": most,
        },
    )
    return newest_first[::-1]


async def comment(session: TenantSession, ticket_id: UUID, comment_id: UUID, most: int) -> Said | None:
    """Give one comment of a ticket, each body cut to `most` characters."""
    return await session.one(
        Said,
        _SAID + " AND comment_id = %(comment_id)s",
        {"ticket_id": ticket_id, "comment_id": comment_id, "most": most},
    )


async def shown_documents(session: TenantSession, comment_ids: Sequence[UUID]) -> list[ShownDocument]:
    """List what these comments may show within their text."""
    return await session.all(
        ShownDocument,
        "SELECT comment_id, content_id, document_id FROM email_processed_attachments"
        " WHERE tenant = %(tenant)s AND comment_id = ANY(%(comment_ids)s)"
        " AND content_id IS NOT NULL AND document_id IS NOT NULL ORDER BY created_at, position",
        {"comment_ids": list(comment_ids)},
    )


async def documents(session: TenantSession, ticket_id: UUID, limit: int) -> list[DocumentLine]:
    """List the documents of a ticket, in the order in which they came."""
    return await session.all(
        DocumentLine,
        "SELECT d.document_id, d.name, f.content_type, f.size, d.created_at, f.sha256, m.sender, m.subject,"
        " a.comment_id FROM document_associations AS e"
        " JOIN documents AS d ON d.tenant = %(tenant)s AND d.document_id = e.document_id"
        " JOIN file_stores AS f ON f.tenant = %(tenant)s AND f.file_id = d.file_id"
        " LEFT JOIN email_processed_attachments AS a ON a.tenant = %(tenant)s AND a.document_id = d.document_id"
        "  AND a.file_id = d.file_id"
        " LEFT JOIN email_processed_messages AS m ON m.tenant = %(tenant)s AND m.provider_id = a.provider_id"
        "  AND m.email_id = a.email_id"
        " WHERE e.tenant = %(tenant)s AND e.entity_type = 'ticket' AND e.entity_id = %(ticket_id)s"
        " ORDER BY a.created_at, d.created_at, a.position, d.document_id LIMIT %(limit)s",
        {"ticket_id": ticket_id, "limit": limit},
    )


async def unstored_parts(session: TenantSession, ticket_id: UUID, limit: int) -> list[PartLine]:
    """List the parts of a ticket's mails that are not documents, in the order in which they came."""
    return await session.all(
        PartLine,
        "SELECT a.provider_id, a.email_id, a.attachment_id, a.file_name, a.content_type, a.size, a.status, a.reason,"
        " a.error_message, a.attempts, a.next_attempt_at, a.document_id, m.sender"
        " FROM email_processed_attachments AS a"
        " JOIN email_processed_messages AS m ON m.tenant = %(tenant)s AND m.provider_id = a.provider_id"
        "  AND m.email_id = a.email_id"
        " WHERE a.tenant = %(tenant)s AND a.ticket_id = %(ticket_id)s AND a.status <> 'stored'"
        " ORDER BY a.created_at, a.position, a.attachment_id LIMIT %(limit)s",
        {"ticket_id": ticket_id, "limit": limit},
    )


async def has_part(
    session: TenantSession, ticket_id: UUID, provider_id: UUID, email_id: str, attachment_id: str
) -> bool:
    """Say whether a part belongs to a ticket."""
    found = await session.value(
        "SELECT true FROM email_processed_attachments WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s"
        " AND email_id = %(email_id)s AND attachment_id = %(attachment_id)s AND ticket_id = %(ticket_id)s",
        {
            "ticket_id": ticket_id,
            "provider_id": provider_id,
            "email_id": email_id,
            "attachment_id": attachment_id,
        },
    )
    return found is True


async def open_work(session: TenantSession) -> dict[UUID, OpenWork]:
    """Count what is not done, by provider; a provider without any is left out."""
    rows = await session.values(
        "SELECT provider_id, sum(waiting)::bigint, sum(broken)::bigint FROM ("
        "SELECT provider_id, count(*) AS waiting, count(*) FILTER (WHERE status = 'failed') AS broken"
        " FROM email_processed_messages WHERE tenant = %(tenant)s AND status IN ('received', 'failed')"
        " GROUP BY provider_id"
        " UNION ALL SELECT provider_id, 0, count(*) FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND status = 'dead' GROUP BY provider_id"
        " UNION ALL SELECT provider_id, count(*), count(*) FILTER (WHERE status = 'failed')"
        " FROM email_processed_attachments WHERE tenant = %(tenant)s AND status IN ('pending', 'processing', 'failed')"
        " GROUP BY provider_id"
        " UNION ALL SELECT provider_id, 0, count(*) FROM email_processed_attachments"
        " WHERE tenant = %(tenant)s AND status = 'dead' GROUP BY provider_id"
        ") AS work GROUP BY provider_id"
    )
    return {provider_id: OpenWork(waiting, broken) for provider_id, waiting, broken in rows}
