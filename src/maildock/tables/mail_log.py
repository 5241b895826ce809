"""What operators look through: every mail that came in and every part of it, by mailbox, outcome and time.

Keyset pages, the newest first. Mailboxes and outcomes are few, so a list walks the index of each pair that was asked
for and merges their heads: no choice makes it read past rows that were not asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are wanted: those of a mailbox and of outcomes where these are given, that came within a time.

    With `due` only those that could be worked on now, and are in nobody's hands.
    """

    provider_id: UUID | None = None
    statuses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    due: bool = False


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail that came in, the ticket it went to, and how many of its parts ended how."""

    provider_id: UUID
    email_id: str
    kind: str
    mailbox: str
    status: str
    sender: str | None
    subject: str | None
    error_message: str | None
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    ticket_number: int | None
    stored: int
    skipped: int
    waiting: int
    broken: int


@dataclass(frozen=True, slots=True)
class MailHead:
    """A mail by itself; `raw_sha256` names its kept bytes, `outages` counts tries that it could not help failing."""

    provider_id: UUID
    email_id: str
    kind: str
    mailbox: str
    mailbox_status: str
    status: str
    sender: str | None
    subject: str | None
    message_id: str | None
    error_message: str | None
    attempts: int
    outages: int
    failing_since: datetime | None
    next_attempt_at: datetime | None
    received_at: datetime
    created_at: datetime
    raw_sha256: str | None
    raw_size: int | None
    ticket_number: int | None
    comment_id: UUID | None


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a mail, and the mail; `size` may be the declared one."""

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
    outages: int
    next_attempt_at: datetime | None
    document_id: UUID | None
    created_at: datetime
    subject: str | None
    sender: str | None
    ticket_number: int | None


MAIL_STATUSES = ("received", "filed", "duplicate", "ignored", "failed", "gone", "dead")
PART_STATUSES = ("pending", "processing", "stored", "skipped", "failed", "dead")

# Nothing is as late as `infinity`, so that each bound is one comparison and an index finds where a page begins.
_WITHIN: LiteralString = (
    " AND found.created_at >= coalesce(%(since)s::timestamptz, '-infinity')"
    " AND found.created_at < coalesce(%(until)s::timestamptz, 'infinity')"
)
_DUE: LiteralString = (
    " AND (found.next_attempt_at IS NULL OR found.next_attempt_at <= now())"
    " AND (found.claimed_until IS NULL OR found.claimed_until < now())"
)
_MAIL_BEFORE: LiteralString = (
    " AND (found.created_at, found.provider_id, found.email_id)"
    " < (coalesce(%(at)s::timestamptz, 'infinity'), %(last_provider)s::uuid, %(last_email)s::text)"
)
_PART_BEFORE: LiteralString = (
    " AND (found.created_at, found.provider_id, found.email_id, found.attachment_id)"
    " < (coalesce(%(at)s::timestamptz, 'infinity'), %(last_provider)s::uuid, %(last_email)s::text, %(last_part)s::text)"
)
_MAIL: LiteralString = "SELECT found.* FROM email_processed_messages AS found WHERE found.tenant = %(tenant)s"
_PART: LiteralString = "SELECT found.* FROM email_processed_attachments AS found WHERE found.tenant = %(tenant)s"
_MAIL_ORDER: LiteralString = " ORDER BY created_at DESC, provider_id DESC, email_id DESC LIMIT %(limit)s"
_PART_ORDER: LiteralString = (
    " ORDER BY created_at DESC, provider_id DESC, email_id DESC, attachment_id DESC LIMIT %(limit)s"
)
_PAIR: LiteralString = " AND found.provider_id = box.provider_id AND found.status = wanted.status"
_BOXES: LiteralString = (
    " FROM email_providers AS box CROSS JOIN unnest(%(statuses)s::text[]) AS wanted (status) CROSS JOIN LATERAL ("
)
_PART_COLUMNS: LiteralString = (
    "SELECT a.provider_id, a.email_id, a.attachment_id, a.file_name, a.content_type, a.size, a.status, a.reason,"
    " a.error_message, a.attempts, a.outages, a.next_attempt_at, a.document_id, a.created_at, m.subject, m.sender,"
    " t.number AS ticket_number FROM"
)
_PART_JOINS: LiteralString = (
    " JOIN email_processed_messages AS m ON m.tenant = %(tenant)s AND m.provider_id = a.provider_id"
    "  AND m.email_id = a.email_id"
    " LEFT JOIN tickets AS t ON t.tenant = %(tenant)s AND t.ticket_id = a.ticket_id"
)


async def mails(
    session: TenantSession, choice: Choice, before: tuple[datetime, UUID, str] | None, limit: int
) -> list[MailLine]:
    """List the mails of a choice."""
    at, last_provider, last_email = before or (None, None, None)
    return await session.all(
        MailLine,
        "SELECT m.provider_id, m.email_id, p.kind, p.mailbox, m.status, m.sender, m.subject, m.error_message,"
        " m.attempts + m.outages AS attempts, m.next_attempt_at, m.created_at, t.number AS ticket_number,"
        " parts.* FROM (" + _chosen(choice, _MAIL, _WITHIN + _MAIL_BEFORE, _MAIL_ORDER) + ") AS m"
        " JOIN email_providers AS p ON p.tenant = %(tenant)s AND p.provider_id = m.provider_id"
        " LEFT JOIN tickets AS t ON t.tenant = %(tenant)s AND t.ticket_id = m.ticket_id"
        " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE a.status = 'stored') AS stored,"
        "  count(*) FILTER (WHERE a.status = 'skipped') AS skipped,"
        "  count(*) FILTER (WHERE a.status IN ('pending', 'processing')) AS waiting,"
        "  count(*) FILTER (WHERE a.status IN ('failed', 'dead')) AS broken FROM email_processed_attachments AS a"
        "  WHERE a.tenant = %(tenant)s AND a.provider_id = m.provider_id AND a.email_id = m.email_id) AS parts"
        " ORDER BY m.created_at DESC, m.provider_id DESC, m.email_id DESC",
        {
            **_params(choice, MAIL_STATUSES),
            "at": at,
            "last_provider": last_provider,
            "last_email": last_email,
            "limit": limit,
        },
    )


async def parts(
    session: TenantSession, choice: Choice, before: tuple[datetime, UUID, str, str] | None, limit: int
) -> list[PartLine]:
    """List the parts of a choice."""
    at, last_provider, last_email, last_part = before or (None, None, None, None)
    return await session.all(
        PartLine,
        _PART_COLUMNS
        + " ("
        + _chosen(choice, _PART, _WITHIN + _PART_BEFORE, _PART_ORDER)
        + ") AS a"
        + _PART_JOINS
        + " ORDER BY a.created_at DESC, a.provider_id DESC, a.email_id DESC, a.attachment_id DESC",
        {
            **_params(choice, PART_STATUSES),
            "at": at,
            "last_provider": last_provider,
            "last_email": last_email,
            "last_part": last_part,
            "limit": limit,
        },
    )


def _chosen(choice: Choice, rows: LiteralString, within: LiteralString, order: LiteralString) -> LiteralString:
    """Select a page of rows: by one index on the time, or by one on mailbox, outcome and time, once for each pair."""
    if choice.provider_id is None and not choice.statuses:
        return rows + within + order
    due: LiteralString = _DUE if choice.due else ""
    chosen: LiteralString = "SELECT one.*" + _BOXES + rows + _PAIR + within + due + order + ") AS one"
    chosen += " WHERE box.tenant = %(tenant)s"
    if choice.due:
        chosen += " AND box.status = 'active' AND (box.quiet_until IS NULL OR box.quiet_until <= now())"
    if choice.provider_id is not None:
        chosen += " AND box.provider_id = %(provider_id)s"
    return chosen + order


def _params(choice: Choice, statuses: Sequence[str]) -> dict[str, object]:
    return {
        "provider_id": choice.provider_id,
        "statuses": list(choice.statuses or statuses),
        "since": choice.since,
        "until": choice.until,
    }


async def mail(session: TenantSession, provider_id: UUID, email_id: str) -> MailHead | None:
    """Give one mail."""
    return await session.one(
        MailHead,
        "SELECT m.provider_id, m.email_id, p.kind, p.mailbox, p.status AS mailbox_status, m.status, m.sender,"
        " m.subject, m.message_id, m.error_message, m.attempts, m.outages, m.failing_since, m.next_attempt_at,"
        " m.received_at, m.created_at, m.raw_sha256, m.raw_size, t.number AS ticket_number, m.comment_id"
        " FROM email_processed_messages AS m"
        " JOIN email_providers AS p ON p.tenant = %(tenant)s AND p.provider_id = m.provider_id"
        " LEFT JOIN tickets AS t ON t.tenant = %(tenant)s AND t.ticket_id = m.ticket_id"
        " WHERE m.tenant = %(tenant)s AND m.provider_id = %(provider_id)s AND m.email_id = %(email_id)s",
        {"provider_id": provider_id, "email_id": email_id},
    )


async def parts_of(session: TenantSession, provider_id: UUID, email_id: str, limit: int) -> list[PartLine]:
    """List the parts of one mail, in their order."""
    return await session.all(
        PartLine,
        _PART_COLUMNS
        + " email_processed_attachments AS a"
        + _PART_JOINS
        + " WHERE a.tenant = %(tenant)s AND a.provider_id = %(provider_id)s AND a.email_id = %(email_id)s"
        " ORDER BY a.created_at, a.position, a.attachment_id LIMIT %(limit)s",
        {"provider_id": provider_id, "email_id": email_id, "limit": limit},
    )


async def mailboxes(session: TenantSession, limit: int) -> list[tuple[UUID, str, str, bool]]:
    """List `(provider_id, kind, mailbox, removed)` to choose from, those that came last first."""
    rows = await session.values(
        "SELECT provider_id, kind, mailbox, removed_at IS NOT NULL FROM email_providers WHERE tenant = %(tenant)s"
        " ORDER BY created_at DESC, provider_id DESC LIMIT %(limit)s",
        {"limit": limit},
    )
    return [(provider_id, kind, mailbox, removed) for provider_id, kind, mailbox, removed in rows]
