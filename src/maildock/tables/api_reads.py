"""What programs read, as the API and the command line give it: keyset pages, the newest first, one statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from maildock.tables.session import TenantSession

LAST_NUMBER = 2**31 - 1  # of PostgreSQL's integer; no ticket has it


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket."""

    ticket_id: UUID
    number: int
    subject: str
    status: str
    created_at: datetime
    updated_at: datetime
    requester: str | None
    requester_name: str


@dataclass(frozen=True, slots=True)
class CommentRow:
    """What was said on a ticket; `reply_text` is the text without the quoted history."""

    comment_id: UUID
    author: str | None
    author_name: str
    author_is_new: bool
    automatic: bool
    body_text: str
    body_html: str
    reply_text: str
    created_at: datetime
    message_id: str | None
    provider_id: UUID
    email_id: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document, its file, and the mail that it came with."""

    document_id: UUID
    file_id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    storage_key: str
    created_at: datetime
    created_by: UUID
    ticket_id: UUID | None
    comment_id: UUID | None
    provider_id: UUID | None
    provider_kind: str | None
    email_id: str | None
    message_id: str | None
    attachment_id: str | None
    sender: str | None
    subject: str | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class EmailRow:
    """A mail that came in; `created_at` is what lists are ordered by."""

    provider_id: UUID
    email_id: str
    status: str
    message_id: str | None
    sender: str | None
    subject: str | None
    received_at: datetime
    ticket_id: UUID | None
    comment_id: UUID | None
    error_message: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A row of the ledger; `created_at` is what lists are ordered by."""

    provider_id: UUID
    email_id: str
    attachment_id: str
    file_name: str
    content_type: str
    size: int | None
    sha256: str | None
    status: str
    reason: str | None
    attempts: int
    next_attempt_at: datetime | None
    error_message: str | None
    ticket_id: UUID
    comment_id: UUID
    document_id: UUID | None
    created_at: datetime


_TICKET: LiteralString = (
    "SELECT ticket_id, number, subject, status, created_at, updated_at, requester, requester_name FROM tickets"
    " WHERE tenant = %(tenant)s"
)
_COMMENTS: LiteralString = (
    "SELECT comment_id, author, author_name, author_is_new, automatic, body_text, body_html, reply_text, created_at,"
    " message_id, provider_id, email_id FROM comments WHERE tenant = %(tenant)s AND ticket_id = %(ticket_id)s"
    " ORDER BY created_at, comment_id"
)
_DOCUMENT: LiteralString = (
    "SELECT d.document_id, d.file_id, d.name, f.content_type, f.size, f.sha256, f.storage_key, d.created_at,"
    " d.created_by, e.entity_id AS ticket_id, a.comment_id, a.provider_id, p.kind AS provider_kind, a.email_id,"
    " m.message_id, a.attachment_id, m.sender, m.subject, m.received_at"
    " FROM documents AS d JOIN file_stores AS f ON f.tenant = %(tenant)s AND f.file_id = d.file_id"
    " LEFT JOIN document_associations AS e ON e.tenant = %(tenant)s AND e.document_id = d.document_id"
    "  AND e.entity_type = 'ticket'"
    " LEFT JOIN email_processed_attachments AS a ON a.tenant = %(tenant)s AND a.document_id = d.document_id"
    "  AND a.file_id = d.file_id"
    " LEFT JOIN email_processed_messages AS m ON m.tenant = %(tenant)s AND m.provider_id = a.provider_id"
    "  AND m.email_id = a.email_id"
    " LEFT JOIN email_providers AS p ON p.tenant = %(tenant)s AND p.provider_id = a.provider_id"
    " WHERE d.tenant = %(tenant)s"
)
_EMAIL: LiteralString = (
    "SELECT provider_id, email_id, status, message_id, sender, subject, received_at, ticket_id, comment_id,"
    " error_message, created_at FROM email_processed_messages WHERE tenant = %(tenant)s"
)
_ATTACHMENT: LiteralString = (
    "SELECT provider_id, email_id, attachment_id, file_name, content_type, size, sha256, status, reason, attempts,"
    " next_attempt_at, error_message, ticket_id, comment_id, document_id, created_at"
    " FROM email_processed_attachments WHERE tenant = %(tenant)s"
)
# An index finds where a page begins only if this is one comparison; nothing is as late as `infinity`.
_AT: LiteralString = "coalesce(%(at)s::timestamptz, 'infinity')"


async def tickets(session: TenantSession, before: int | None, limit: int) -> list[TicketRow]:
    """List tickets with a number below `before`."""
    return await session.all(
        TicketRow,
        _TICKET + " AND number < %(before)s ORDER BY number DESC LIMIT %(limit)s",
        {"before": LAST_NUMBER if before is None else before, "limit": limit},
    )


async def ticket(session: TenantSession, ticket_id: UUID) -> TicketRow | None:
    """Give one ticket."""
    return await session.one(TicketRow, _TICKET + " AND ticket_id = %(ticket_id)s", {"ticket_id": ticket_id})


async def comments(session: TenantSession, ticket_id: UUID) -> list[CommentRow]:
    """List what was said on a ticket, the oldest first."""
    return await session.all(CommentRow, _COMMENTS, {"ticket_id": ticket_id})


async def documents(
    session: TenantSession, ticket_id: UUID, before: tuple[datetime, UUID] | None, limit: int | None
) -> list[DocumentRow]:
    """List the documents of a ticket; `limit` may be `None` for all of them."""
    at, last = before or (None, None)
    return await session.all(
        DocumentRow,
        f"{_DOCUMENT} AND e.entity_id = %(ticket_id)s AND (d.created_at, d.document_id) < ({_AT}, %(last)s::uuid)"
        " ORDER BY d.created_at DESC, d.document_id DESC LIMIT %(limit)s",
        {"ticket_id": ticket_id, "at": at, "last": last, "limit": limit},
    )


async def document(session: TenantSession, document_id: UUID) -> DocumentRow | None:
    """Give one document."""
    return await session.one(
        DocumentRow, _DOCUMENT + " AND d.document_id = %(document_id)s", {"document_id": document_id}
    )


async def emails(
    session: TenantSession,
    *,
    status: str | None,
    provider_id: UUID | None,
    before: tuple[datetime, UUID, str] | None,
    limit: int,
) -> list[EmailRow]:
    """List mails, of one status or provider only where that is given."""
    at, last_provider, last_email = before or (None, None, None)
    statement: LiteralString = _EMAIL
    if status is not None:
        statement += " AND status = %(status)s"
    if provider_id is not None:
        statement += " AND provider_id = %(provider_id)s"
    return await session.all(
        EmailRow,
        f"{statement} AND (created_at, provider_id, email_id) < ({_AT}, %(last_provider)s::uuid, %(last_email)s::text)"
        " ORDER BY created_at DESC, provider_id DESC, email_id DESC LIMIT %(limit)s",
        {
            "status": status,
            "provider_id": provider_id,
            "at": at,
            "last_provider": last_provider,
            "last_email": last_email,
            "limit": limit,
        },
    )


async def email(session: TenantSession, provider_id: UUID, email_id: str) -> EmailRow | None:
    """Give one mail."""
    return await session.one(
        EmailRow,
        _EMAIL + " AND provider_id = %(provider_id)s AND email_id = %(email_id)s",
        {"provider_id": provider_id, "email_id": email_id},
    )


async def attachments(
    session: TenantSession,
    *,
    status: str | None = None,
    provider_id: UUID | None = None,
    email_id: str | None = None,
    ticket_id: UUID | None = None,
    before: tuple[datetime, UUID, str, str] | None = None,
    limit: int,
) -> list[AttachmentRow]:
    """List ledger rows, of one status, provider, mail or ticket only where that is given."""
    at, last_provider, last_email, last_attachment = before or (None, None, None, None)
    statement: LiteralString = _ATTACHMENT
    if status is not None:
        statement += " AND status = %(status)s"
    if provider_id is not None:
        statement += " AND provider_id = %(provider_id)s"
    if email_id is not None:
        statement += " AND email_id = %(email_id)s"
    if ticket_id is not None:
        statement += " AND ticket_id = %(ticket_id)s"
    return await session.all(
        AttachmentRow,
        f"{statement} AND (created_at, provider_id, email_id, attachment_id)"
        f" < ({_AT}, %(last_provider)s::uuid, %(last_email)s::text, %(last_attachment)s::text)"
        " ORDER BY created_at DESC, provider_id DESC, email_id DESC, attachment_id DESC LIMIT %(limit)s",
        {
            "status": status,
            "provider_id": provider_id,
            "email_id": email_id,
            "ticket_id": ticket_id,
            "at": at,
            "last_provider": last_provider,
            "last_email": last_email,
            "last_attachment": last_attachment,
            "limit": limit,
        },
    )


async def attachments_of(session: TenantSession, provider_id: UUID, email_ids: Sequence[str]) -> list[AttachmentRow]:
    """List all ledger rows of these mails, in the order of their parts."""
    return await session.all(
        AttachmentRow,
        _ATTACHMENT + " AND provider_id = %(provider_id)s AND email_id = ANY(%(email_ids)s)"
        " ORDER BY email_id, created_at, position",
        {"provider_id": provider_id, "email_ids": list(email_ids)},
    )


async def attachment(
    session: TenantSession, provider_id: UUID, email_id: str, attachment_id: str
) -> AttachmentRow | None:
    """Give one ledger row."""
    return await session.one(
        AttachmentRow,
        _ATTACHMENT + " AND provider_id = %(provider_id)s AND email_id = %(email_id)s"
        " AND attachment_id = %(attachment_id)s",
        {"provider_id": provider_id, "email_id": email_id, "attachment_id": attachment_id},
    )
