"""`email_processed_messages`: every mail that came in, and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A mail that this worker may fetch and file; `claims` counts this claim too."""

    email_id: str
    raw_sha256: str | None
    raw_size: int | None
    attempts: int
    outages: int
    claims: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class MessageState:
    """Where a mail stands; `ticket_id` and `comment_id` are set once it is filed."""

    provider_id: UUID
    email_id: str
    status: str
    ticket_id: UUID | None
    comment_id: UUID | None
    message_id: str | None
    error_message: str | None
    attempts: int
    outages: int


@dataclass(frozen=True, slots=True)
class Announced:
    """A mail that its provider has; `ignored` where it is none that came in."""

    email_id: str
    received_at: datetime | None
    ignored: bool


CAN_BE_DUE_AGAIN = ("failed", "dead", "gone")

_KEY = " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND email_id = %(email_id)s"
# Nobody can read from a mailbox that was removed, so what is due there would wait for ever.
_NOT_REMOVED = (
    " AND provider_id NOT IN"
    " (SELECT provider_id FROM email_providers WHERE tenant = %(tenant)s AND removed_at IS NOT NULL)"
)


async def receive(
    session: TenantSession, provider_id: UUID, email_id: str, raw_sha256: str | None, raw_size: int | None
) -> bool:
    """Write down that a mail came in; `False` when it was known already."""
    inserted = await session.execute(
        "INSERT INTO email_processed_messages (tenant, provider_id, email_id, status, raw_sha256, raw_size)"
        " VALUES (%(tenant)s, %(provider_id)s, %(email_id)s, 'received', %(raw_sha256)s, %(raw_size)s)"
        " ON CONFLICT (tenant, provider_id, email_id) DO NOTHING",
        {"provider_id": provider_id, "email_id": email_id, "raw_sha256": raw_sha256, "raw_size": raw_size},
    )
    return inserted == 1


async def receive_all(session: TenantSession, provider_id: UUID, mails: Sequence[Announced]) -> list[str]:
    """Write down mails that lie at their provider; gives the ids of those that are new, or there again.

    What is `ignored` is written down as that, until it is announced otherwise.
    """
    rows = await session.values(
        "INSERT INTO email_processed_messages AS known (tenant, provider_id, email_id, status, received_at)"
        " SELECT %(tenant)s, %(provider_id)s, email_id, status, coalesce(received_at, now())"
        " FROM unnest(%(ids)s::text[], %(statuses)s::text[], %(times)s::timestamptz[])"
        " AS new (email_id, status, received_at)"
        " ON CONFLICT (tenant, provider_id, email_id) DO NOTHING RETURNING email_id",
        {
            "provider_id": provider_id,
            "ids": [mail.email_id for mail in mails],
            "statuses": ["ignored" if mail.ignored else "received" for mail in mails],
            "times": [mail.received_at for mail in mails],
        },
    )
    new = [row[0] for row in rows]
    known = {mail.email_id for mail in mails if not mail.ignored} - set(new)
    return [*new, *await _wanted_after_all(session, provider_id, known)] if known else new


async def _wanted_after_all(session: TenantSession, provider_id: UUID, email_ids: Collection[str]) -> list[str]:
    """Make due what was gone, or not yet a mail that came in when it was announced first; gives their ids."""
    rows = await session.values(
        "UPDATE email_processed_messages SET status = 'received', error_message = NULL, attempts = 0, outages = 0,"
        " failing_since = NULL, next_attempt_at = NULL, updated_at = now()"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND email_id = ANY(%(ids)s)"
        " AND (status = 'gone' OR (status = 'ignored' AND error_message IS NULL)) RETURNING email_id",
        {"provider_id": provider_id, "ids": list(email_ids)},
    )
    return [row[0] for row in rows]


async def want_earlier(session: TenantSession, provider_id: UUID, since: datetime) -> None:
    """Make due what was ignored for having come too early, and is wanted now."""
    await session.execute(
        "UPDATE email_processed_messages SET status = 'received', error_message = NULL, updated_at = now()"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status = 'ignored'"
        " AND received_at >= %(since)s",
        {"provider_id": provider_id, "since": since},
    )


async def forget_outages(session: TenantSession, provider_id: UUID) -> None:
    """Make due at once what waits for a provider that works again, and forget for how long it did not."""
    await session.execute(
        "UPDATE email_processed_messages SET next_attempt_at = NULL, outages = 0, failing_since = NULL"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status = 'failed'",
        {"provider_id": provider_id},
    )


async def abandon(session: TenantSession, provider_id: UUID, why: str) -> None:
    """Put aside what has not been read of a provider that is removed."""
    await session.execute(
        "UPDATE email_processed_messages SET status = 'dead', error_message = %(why)s, claim_token = NULL,"
        " claimed_until = NULL, next_attempt_at = NULL, updated_at = now()"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('received', 'failed')",
        {"provider_id": provider_id, "why": why},
    )


async def ignore(
    session: TenantSession, provider_id: UUID, email_id: str, token: UUID, reason: str, received_at: datetime | None
) -> bool:
    """Write that the mail is none that came in, or came too early; `False` when `token` no longer holds the claim."""
    ignored = await session.execute(
        "UPDATE email_processed_messages SET status = 'ignored', error_message = %(reason)s, claims = 0,"
        " claim_token = NULL, claimed_until = NULL, next_attempt_at = NULL, failing_since = NULL,"
        " received_at = coalesce(%(received_at)s, received_at), updated_at = now()"
        + _KEY
        + " AND claim_token = %(token)s",
        {
            "provider_id": provider_id,
            "email_id": email_id,
            "token": token,
            "reason": reason,
            "received_at": received_at,
        },
    )
    return ignored == 1


async def receive_again(session: TenantSession, provider_id: UUID, email_id: str, raw_sha256: str) -> bool:
    """Make a mail due that was never filed, whatever became of it: whoever sends it again wants it. Says if it did."""
    revived = await session.execute(
        "UPDATE email_processed_messages SET status = 'received', raw_sha256 = %(raw_sha256)s, error_message = NULL,"
        " attempts = 0, outages = 0, claims = 0, failing_since = NULL, next_attempt_at = NULL, updated_at = now()"
        + _KEY
        + " AND status IN ('failed', 'dead', 'gone')",
        {"provider_id": provider_id, "email_id": email_id, "raw_sha256": raw_sha256},
    )
    return revived == 1


async def make_due(session: TenantSession, provider_id: UUID, email_id: str) -> str | None:
    """Make a mail due that was never filed; gives its status before, `None` where there is no such mail."""
    key = {"provider_id": provider_id, "email_id": email_id}
    before: str | None = await session.value("SELECT status FROM email_processed_messages" + _KEY + " FOR UPDATE", key)
    if before in CAN_BE_DUE_AGAIN:
        await session.execute(
            "UPDATE email_processed_messages SET status = 'received', error_message = NULL, attempts = 0, outages = 0,"
            " claims = 0, failing_since = NULL, next_attempt_at = NULL, updated_at = now()" + _KEY + _NOT_REMOVED,
            key,
        )
    return before


async def keep_again(session: TenantSession, provider_id: UUID, email_id: str, raw_sha256: str) -> None:
    """Keep the raw message of a filed mail once more: something of it is to be read again."""
    await session.execute(
        "UPDATE email_processed_messages SET raw_sha256 = %(raw_sha256)s" + _KEY,
        {"provider_id": provider_id, "email_id": email_id, "raw_sha256": raw_sha256},
    )


async def make_all_failed_due(session: TenantSession) -> list[UUID]:
    """Make every mail of the tenant due that failed or died before it was filed; gives their providers."""
    rows = await session.values(
        "WITH due AS (UPDATE email_processed_messages SET status = 'received', error_message = NULL, attempts = 0,"
        " outages = 0, claims = 0, failing_since = NULL, next_attempt_at = NULL, updated_at = now()"
        " WHERE tenant = %(tenant)s AND status IN ('failed', 'dead')" + _NOT_REMOVED + " RETURNING provider_id)"
        " SELECT DISTINCT provider_id FROM due"
    )
    return [row[0] for row in rows]


async def claim_next(session: TenantSession, provider_id: UUID, token: UUID, seconds: float) -> ClaimedMessage | None:
    """Claim the mailbox's oldest due mail; the caller holds the mailbox's lease for mail."""
    due = await session.value(
        "SELECT email_id FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('received', 'failed')"
        " AND (next_attempt_at IS NULL OR next_attempt_at <= now())"
        " AND (claimed_until IS NULL OR claimed_until < now())"
        " ORDER BY received_at, created_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        {"provider_id": provider_id},
    )
    if due is None:
        return None
    return await session.one(
        ClaimedMessage,
        "UPDATE email_processed_messages SET claims = claims + 1, claim_token = %(token)s,"
        " claimed_until = now() + make_interval(secs => %(seconds)s)"
        + _KEY
        + " RETURNING email_id, raw_sha256, raw_size, attempts, outages, claims, failing_since",
        {"provider_id": provider_id, "email_id": due, "token": token, "seconds": seconds},
    )


async def renew_claims(session: TenantSession, provider_id: UUID, token: UUID, seconds: float) -> None:
    """Prolong what `token` has claimed."""
    await session.execute(
        "UPDATE email_processed_messages SET claimed_until = now() + make_interval(secs => %(seconds)s)"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('received', 'failed')"
        " AND claim_token = %(token)s",
        {"provider_id": provider_id, "token": token, "seconds": seconds},
    )


async def hand_back(session: TenantSession, provider_id: UUID, token: UUID) -> None:
    """Let go of what `token` has claimed but not begun to write: the next holder starts at once."""
    await session.execute(
        "UPDATE email_processed_messages SET claims = claims - 1, claim_token = NULL, claimed_until = NULL"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('received', 'failed')"
        " AND claim_token = %(token)s",
        {"provider_id": provider_id, "token": token},
    )


async def settle(
    session: TenantSession,
    provider_id: UUID,
    email_id: str,
    token: UUID,
    *,
    status: str,
    ticket_id: UUID,
    comment_id: UUID,
    message_id: str | None,
    message_id_hash: bytes | None,
    thread_hash: bytes | None,
    sender: str | None,
    subject: str,
    received_at: datetime | None,
) -> bool:
    """Write that the mail is `filed` or a `duplicate`; `False` when `token` no longer holds the claim."""
    params = {
        "provider_id": provider_id,
        "email_id": email_id,
        "token": token,
        "status": status,
        "ticket_id": ticket_id,
        "comment_id": comment_id,
        "message_id": message_id,
        "message_id_hash": message_id_hash,
        "thread_hash": thread_hash,
        "sender": sender,
        "subject": subject,
        "received_at": received_at,
    }
    settled = await session.execute(
        "UPDATE email_processed_messages SET status = %(status)s, ticket_id = %(ticket_id)s,"
        " comment_id = %(comment_id)s, message_id = %(message_id)s, message_id_hash = %(message_id_hash)s,"
        " thread_hash = %(thread_hash)s, sender = %(sender)s, subject = %(subject)s, error_message = NULL,"
        " received_at = coalesce(%(received_at)s, received_at),"
        " claims = 0, claim_token = NULL, claimed_until = NULL, next_attempt_at = NULL, failing_since = NULL,"
        " updated_at = now()" + _KEY + " AND claim_token = %(token)s AND status IN ('received', 'failed')",
        params,
    )
    return settled == 1


async def fail(
    session: TenantSession,
    provider_id: UUID,
    email_id: str,
    token: UUID,
    *,
    status: str,
    error_message: str,
    attempts: int,
    outages: int,
    retry_in: float | None,
) -> bool:
    """Write that the mail could not be filed; due again in `retry_in` seconds, `None` for never."""
    failed = await session.execute(
        "UPDATE email_processed_messages SET status = %(status)s, error_message = %(error_message)s,"
        " attempts = %(attempts)s, outages = %(outages)s, claims = 0, claim_token = NULL, claimed_until = NULL,"
        " failing_since = CASE WHEN %(outages)s > 0 THEN coalesce(failing_since, now()) END,"
        " next_attempt_at = now() + make_interval(secs => %(retry_in)s::float8), updated_at = now()"
        + _KEY
        + " AND claim_token = %(token)s",
        {
            "provider_id": provider_id,
            "email_id": email_id,
            "token": token,
            "status": status,
            "error_message": error_message,
            "attempts": attempts,
            "outages": outages,
            "retry_in": retry_in,
        },
    )
    return failed == 1


async def states(session: TenantSession, provider_id: UUID, email_ids: Sequence[str]) -> dict[str, MessageState]:
    """Say where these mails stand, by `email_id`."""
    rows = await session.all(
        MessageState,
        "SELECT provider_id, email_id, status, ticket_id, comment_id, message_id, error_message, attempts, outages"
        " FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND email_id = ANY(%(email_ids)s)",
        {"provider_id": provider_id, "email_ids": list(email_ids)},
    )
    return {row.email_id: row for row in rows}


async def unsettled(session: TenantSession, provider_id: UUID, email_ids: Sequence[str]) -> list[str]:
    """Give those of the mails that have been neither filed nor tried in vain."""
    rows = await session.values(
        "SELECT email_id FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND email_id = ANY(%(email_ids)s)"
        " AND (status = 'received' OR claimed_until >= now())",
        {"provider_id": provider_id, "email_ids": list(email_ids)},
    )
    return [row[0] for row in rows]


async def tickets_of(session: TenantSession, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
    """Find the ticket that holds each Message-ID (by hash); where several claim one, the first filed."""
    rows = await session.values(
        "SELECT DISTINCT ON (message_id_hash) message_id_hash, ticket_id FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND message_id_hash = ANY(%(hashes)s) AND ticket_id IS NOT NULL"
        " ORDER BY message_id_hash, created_at",
        {"hashes": list(hashes)},
    )
    return {bytes(found): ticket for found, ticket in rows}


async def ticket_of_thread(session: TenantSession, provider_id: UUID, thread_hash: bytes) -> UUID | None:
    """Find the ticket of the newest mail in the provider's own thread."""
    found: UUID | None = await session.value(
        "SELECT ticket_id FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND thread_hash = %(thread_hash)s"
        " AND ticket_id IS NOT NULL ORDER BY created_at DESC LIMIT 1",
        {"provider_id": provider_id, "thread_hash": thread_hash},
    )
    return found


async def release_raw(session: TenantSession, limit: int = 1000) -> int:
    """Let go of raw messages from which nothing will be read any more: every row of theirs is stored."""
    return await session.execute(
        "UPDATE email_processed_messages AS m SET raw_sha256 = NULL WHERE tenant = %(tenant)s"
        " AND (provider_id, email_id) IN (SELECT provider_id, email_id FROM email_processed_messages AS done"
        "  WHERE tenant = %(tenant)s AND raw_sha256 IS NOT NULL AND status IN ('filed', 'duplicate')"
        "  AND NOT EXISTS (SELECT FROM email_processed_attachments a WHERE a.tenant = %(tenant)s"
        "   AND a.provider_id = done.provider_id AND a.email_id = done.email_id AND a.status <> 'stored')"
        " LIMIT %(limit)s)",
        {"limit": limit},
    )
