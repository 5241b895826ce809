"""The objects that programs get, from the API and the command line alike; times are RFC 3339 in UTC."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict

from maildock.flow.health import judge
from maildock.tables.api_reads import AttachmentRow, CommentRow, DocumentRow, EmailRow, TicketRow
from maildock.tables.email_providers import OpenWork, ProviderRow

Time = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


class Shape(BaseModel):
    """An object of the public surface; its fields are its exact names."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Ticket(Shape):
    """A ticket."""

    ticket_id: UUID
    number: int
    subject: str
    status: Literal["open", "closed"]
    created_at: Time
    updated_at: Time
    requester: str | None
    requester_name: str


class Comment(Shape):
    """What was said on a ticket; `reply_text` is `body_text` without the quoted history."""

    comment_id: UUID
    author: str | None
    author_name: str
    author_is_new: bool
    automatic: bool
    body_text: str
    body_html: str
    reply_text: str
    created_at: Time
    message_id: str | None
    provider_id: UUID
    email_id: str


class TicketWithComments(Ticket):
    """A ticket with what was said on it, the oldest first."""

    comments: list[Comment]

    @classmethod
    def of(cls, row: TicketRow, comments: list[CommentRow]) -> Self:
        """Join a ticket and its comments."""
        ticket = Ticket.model_validate(row).model_dump()
        return cls(**ticket, comments=[Comment.model_validate(comment) for comment in comments])


class Source(Shape):
    """The mail that a document came with."""

    provider_id: UUID | None
    provider_kind: str | None
    email_id: str | None
    message_id: str | None
    attachment_id: str | None
    sender: str | None
    subject: str | None
    received_at: Time | None


class Document(Shape):
    """A document: `size` in bytes, `sha256` in hex."""

    document_id: UUID
    file_id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    created_at: Time
    created_by: UUID
    ticket_id: UUID | None
    comment_id: UUID | None
    source: Source

    @classmethod
    def of(cls, row: DocumentRow) -> Self:
        """Nest what a row tells of the mail."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "source"}
        return cls(**fields, source=Source.model_validate(row))


class Attachment(Shape):
    """A row of the ledger; `error` is for people."""

    provider_id: UUID
    email_id: str
    attachment_id: str
    file_name: str
    content_type: str
    size: int | None
    sha256: str | None
    status: Literal["pending", "processing", "stored", "skipped", "failed", "dead"]
    reason: str | None
    attempts: int
    next_attempt_at: Time | None
    error: str | None
    ticket_id: UUID | None
    comment_id: UUID | None
    document_id: UUID | None

    @classmethod
    def of(cls, row: AttachmentRow) -> Self:
        """Name a row's message as the contract does."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "error"}
        return cls(**fields, error=row.error_message)


class Email(Shape):
    """A mail that came in, and what became of it."""

    provider_id: UUID
    email_id: str
    status: Literal["received", "filed", "duplicate", "ignored", "failed", "gone", "dead"]
    message_id: str | None
    sender: str | None
    subject: str | None
    received_at: Time
    ticket_id: UUID | None
    comment_id: UUID | None
    error: str | None

    @classmethod
    def of(cls, row: EmailRow) -> Self:
        """Name a row's message as the contract does."""
        return cls(**_named(row))


class EmailWithAttachments(Email):
    """A mail with the ledger's rows of its parts, in their order."""

    attachments: list[Attachment]

    @classmethod
    def with_parts(cls, row: EmailRow, parts: list[AttachmentRow]) -> Self:
        """Join a mail and its parts."""
        return cls(**_named(row), attachments=[Attachment.of(part) for part in parts])


class Provider(Shape):
    """A tenant's connection to where mail comes from."""

    provider_id: UUID
    kind: Literal["microsoft", "gmail", "imap", "smtp", "file"]
    mailbox: str
    status: Literal["active", "paused"]


class ProviderHealth(Shape):
    """How a provider does; `backlog` counts the mails and attachments that still wait."""

    status: Literal["ok", "degraded", "paused"]
    reason: str | None
    remedy: str | None
    last_push_at: Time | None
    last_poll_at: Time | None
    last_mail_at: Time | None
    subscription_expires_at: Time | None
    backlog: int

    @classmethod
    def of(cls, row: ProviderRow, work: OpenWork, expires_at: datetime | None, poll_seconds: float) -> Self:
        """Judge a provider as of now; `expires_at` is when its notifications end."""
        health = judge(row, work, poll_seconds, datetime.now(UTC))
        return cls(
            status=health.status,
            reason=health.reason,
            remedy=health.remedy,
            last_push_at=row.last_push_at,
            last_poll_at=row.last_poll_at,
            last_mail_at=row.last_mail_at,
            subscription_expires_at=expires_at,
            backlog=work.backlog,
        )


def _named(row: EmailRow) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in Email.model_fields if name != "error"}
    return {**fields, "error": row.error_message}
