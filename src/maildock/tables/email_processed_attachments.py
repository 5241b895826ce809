"""`email_processed_attachments`: the ledger. One row for every part that a mail offered as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.domain.eligibility import Judged
from maildock.tables import ticket_words
from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class ClaimedAttachment:
    """A part that this worker may store; `claims` counts this claim too, `size` is the declared one."""

    email_id: str
    attachment_id: str
    position: int
    kind: str
    locator: str
    keep: bool
    shown_inline: bool
    ticket_id: UUID
    comment_id: UUID
    file_name: str
    content_type: str
    size: int | None
    kept_sha256: str | None
    raw_sha256: str | None
    attempts: int
    outages: int
    claims: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Settled:
    """How a claimed row ends for now. `retry_in` is in seconds, `None` for never by itself."""

    email_id: str
    attachment_id: str
    status: str
    reason: str | None = None
    error_message: str | None = None
    attempts: int = 0
    outages: int = 0
    retry_in: float | None = None
    file_id: UUID | None = None
    document_id: UUID | None = None
    size: int | None = None
    sha256: str | None = None
    kept_sha256: str | None = None


_OF_PROVIDER = " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s"
_OPEN = " AND status IN ('pending', 'processing', 'failed')"
# Nobody can read from a mailbox that was removed, so what is due there would wait for ever.
_NOT_REMOVED = (
    " AND provider_id NOT IN"
    " (SELECT provider_id FROM email_providers WHERE tenant = %(tenant)s AND removed_at IS NOT NULL)"
)
_HAS_SOURCE = " (m.raw_sha256 IS NOT NULL OR (p.kind NOT IN ('file', 'smtp') AND p.removed_at IS NULL))"


async def insert(
    session: TenantSession,
    provider_id: UUID,
    email_id: str,
    ticket_id: UUID,
    comment_id: UUID,
    parts: Sequence[Judged],
    *,
    kept_sha256: str | None = None,
) -> None:
    """Write a row for each judged part, all at once; rows that exist already stay as they are."""
    if not parts:
        return
    await session.later(
        "INSERT INTO email_processed_attachments (tenant, provider_id, email_id, attachment_id, position, kind,"
        " locator, status, reason, error_message, shown_inline, ticket_id, comment_id, file_name, content_type, size,"
        " content_id, kept_sha256)"
        " SELECT %(tenant)s, %(provider_id)s, %(email_id)s, attachment_id, position, kind, locator,"
        " status, reason, error_message, shown_inline, %(ticket_id)s, %(comment_id)s, file_name, content_type, size,"
        " content_id, %(kept)s FROM unnest(%(ids)s::text[], %(kinds)s::text[], %(locators)s::text[],"
        " %(statuses)s::text[], %(reasons)s::text[], %(errors)s::text[], %(shown)s::boolean[], %(names)s::text[],"
        " %(types)s::text[], %(sizes)s::bigint[], %(content_ids)s::text[]) WITH ORDINALITY"
        " AS new (attachment_id, kind, locator, status, reason, error_message, shown_inline, file_name,"
        " content_type, size, content_id, position)"
        " ON CONFLICT (tenant, provider_id, email_id, attachment_id) DO NOTHING",
        {
            "provider_id": provider_id,
            "email_id": email_id,
            "ticket_id": ticket_id,
            "comment_id": comment_id,
            "kept": kept_sha256,
            "ids": [judged.part.attachment_id for judged in parts],
            "kinds": [judged.part.kind.value for judged in parts],
            "locators": [judged.part.locator for judged in parts],
            "statuses": ["skipped" if judged.skip else "pending" for judged in parts],
            "reasons": [judged.skip for judged in parts],
            "errors": [judged.part.detail or None for judged in parts],
            "shown": [judged.part.shown_inline for judged in parts],
            "names": [judged.part.file_name for judged in parts],
            "types": [judged.part.content_type for judged in parts],
            "sizes": [judged.part.size for judged in parts],
            "content_ids": [judged.part.content_id or None for judged in parts],
        },
    )
    await ticket_words.add(session, ticket_id, "file", *(judged.part.file_name for judged in parts))


async def claim(
    session: TenantSession, provider_id: UUID, token: UUID, seconds: float, limit: int, suspects_from: int
) -> list[ClaimedAttachment]:
    """Claim due rows, oldest first; the caller holds the mailbox's lease for files.

    A row that was claimed `suspects_from` times without an end is a suspect, and comes alone.
    """
    due = await session.values(
        "SELECT email_id, attachment_id, claims >= %(suspects_from)s FROM email_processed_attachments"
        + _OF_PROVIDER
        + _OPEN
        + " AND (next_attempt_at IS NULL OR next_attempt_at <= now())"
        " AND (claimed_until IS NULL OR claimed_until < now())"
        " ORDER BY created_at, position LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
        {"provider_id": provider_id, "limit": limit, "suspects_from": suspects_from},
    )
    chosen = [row[:2] for row in due if not row[2]] or [row[:2] for row in due[:1]]
    if not chosen:
        return []
    claimed = await session.all(
        ClaimedAttachment,
        "UPDATE email_processed_attachments AS a SET status = 'processing', claims = a.claims + 1,"
        " claim_token = %(token)s, claimed_until = now() + make_interval(secs => %(seconds)s), updated_at = now()"
        " FROM unnest(%(email_ids)s::text[], %(ids)s::text[]) AS due (email_id, attachment_id)"
        " JOIN email_processed_messages AS m ON m.tenant = %(tenant)s AND m.provider_id = %(provider_id)s"
        "  AND m.email_id = due.email_id"
        " WHERE a.tenant = %(tenant)s AND a.provider_id = %(provider_id)s"
        " AND a.email_id = due.email_id AND a.attachment_id = due.attachment_id"
        " RETURNING a.email_id, a.attachment_id, a.position, a.kind, a.locator, a.keep, a.shown_inline, a.ticket_id,"
        " a.comment_id, a.file_name, a.content_type, a.size, a.kept_sha256, m.raw_sha256, a.attempts, a.outages,"
        " a.claims, a.failing_since",
        {
            "provider_id": provider_id,
            "token": token,
            "seconds": seconds,
            "email_ids": [row[0] for row in chosen],
            "ids": [row[1] for row in chosen],
        },
    )
    order = {tuple(row): place for place, row in enumerate(chosen)}
    return sorted(claimed, key=lambda row: order[row.email_id, row.attachment_id])


async def renew_claims(session: TenantSession, provider_id: UUID, token: UUID, seconds: float) -> None:
    """Prolong what `token` has claimed."""
    await session.execute(
        "UPDATE email_processed_attachments SET claimed_until = now() + make_interval(secs => %(seconds)s)"
        + _OF_PROVIDER
        + " AND status = 'processing' AND claim_token = %(token)s",
        {"provider_id": provider_id, "token": token, "seconds": seconds},
    )


async def hand_back(session: TenantSession, provider_id: UUID, token: UUID) -> None:
    """Make due again what `token` has claimed and not settled, as if it had never been claimed."""
    await session.execute(
        "UPDATE email_processed_attachments SET status = 'pending', claims = claims - 1, claim_token = NULL,"
        " claimed_until = NULL, updated_at = now()"
        + _OF_PROVIDER
        + " AND status = 'processing' AND claim_token = %(token)s",
        {"provider_id": provider_id, "token": token},
    )


async def lock_claims(
    session: TenantSession, provider_id: UUID, token: UUID, keys: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Lock the rows of `(email_id, attachment_id)` that `token` still holds, and say which they are."""
    held = await session.values(
        "SELECT a.email_id, a.attachment_id FROM email_processed_attachments AS a"
        " JOIN unnest(%(email_ids)s::text[], %(ids)s::text[]) AS wanted (email_id, attachment_id)"
        " ON a.email_id = wanted.email_id AND a.attachment_id = wanted.attachment_id"
        + _OF_PROVIDER
        + " AND status = 'processing' AND claim_token = %(token)s AND claimed_until > now()"
        " ORDER BY a.email_id, a.attachment_id FOR UPDATE OF a",
        {
            "provider_id": provider_id,
            "token": token,
            "email_ids": [key[0] for key in keys],
            "ids": [key[1] for key in keys],
        },
    )
    return {(email_id, attachment_id) for email_id, attachment_id in held}


async def settle(session: TenantSession, provider_id: UUID, token: UUID, results: Sequence[Settled]) -> int:
    """Write results in one statement, each only where `token` still holds its claim; gives how many were written."""
    return await session.execute(
        "UPDATE email_processed_attachments AS a SET status = new.status, reason = new.reason,"
        " error_message = new.error_message, attempts = new.attempts, outages = new.outages, claims = 0,"
        " failing_since = CASE WHEN new.outages > 0 THEN coalesce(a.failing_since, now()) END,"
        " next_attempt_at = now() + make_interval(secs => new.retry_in),"
        " claim_token = NULL, claimed_until = NULL, file_id = new.file_id, document_id = new.document_id,"
        " size = coalesce(new.size, a.size), sha256 = new.sha256, kept_sha256 = new.kept_sha256, updated_at = now()"
        " FROM unnest(%(email_ids)s::text[], %(ids)s::text[], %(statuses)s::text[], %(reasons)s::text[],"
        " %(errors)s::text[], %(attempts)s::integer[], %(outages)s::integer[], %(retries)s::float8[],"
        " %(file_ids)s::uuid[], %(document_ids)s::uuid[], %(sizes)s::bigint[], %(hashes)s::text[], %(kept)s::text[])"
        " AS new (email_id, attachment_id, status, reason, error_message, attempts, outages, retry_in, file_id,"
        " document_id, size, sha256, kept_sha256)"
        + _OF_PROVIDER
        + " AND a.email_id = new.email_id AND a.attachment_id = new.attachment_id"
        " AND a.status = 'processing' AND a.claim_token = %(token)s",
        {
            "provider_id": provider_id,
            "token": token,
            "email_ids": [result.email_id for result in results],
            "ids": [result.attachment_id for result in results],
            "statuses": [result.status for result in results],
            "reasons": [result.reason for result in results],
            "errors": [result.error_message for result in results],
            "attempts": [result.attempts for result in results],
            "outages": [result.outages for result in results],
            "retries": [result.retry_in for result in results],
            "file_ids": [result.file_id for result in results],
            "document_ids": [result.document_id for result in results],
            "sizes": [result.size for result in results],
            "hashes": [result.sha256 for result in results],
            "kept": [result.kept_sha256 for result in results],
        },
    )


async def unsettled(session: TenantSession, provider_id: UUID, email_ids: Sequence[str]) -> list[str]:
    """Give those of the mails with a part that has neither settled nor failed."""
    rows = await session.values(
        "SELECT DISTINCT email_id FROM email_processed_attachments"
        + _OF_PROVIDER
        + " AND email_id = ANY(%(email_ids)s) AND status IN ('pending', 'processing')",
        {"provider_id": provider_id, "email_ids": list(email_ids)},
    )
    return [row[0] for row in rows]


async def twins(session: TenantSession, comment_ids: Sequence[UUID]) -> dict[tuple[UUID, str], tuple[UUID, str, UUID]]:
    """Find what twinned mails have stored: `(comment_id, sha256)` to `(provider_id, email_id, document_id)`."""
    rows = await session.values(
        "SELECT comment_id, sha256, provider_id, email_id, document_id FROM email_processed_attachments"
        " WHERE tenant = %(tenant)s AND comment_id = ANY(%(comment_ids)s)  AND status = 'stored'",
        {"comment_ids": list(comment_ids)},
    )
    return {(comment, sha256): (provider, email, document) for comment, sha256, provider, email, document in rows}


async def make_due(
    session: TenantSession, provider_id: UUID, email_id: str, attachment_id: str, *, keep: bool
) -> str | None:
    """Make a failed, dead or skipped row due again; gives its status before, `None` where there is no such row.

    A row in any other status stays as it is. `keep` also overrides what was skipped as inline, and what is about to be.
    """
    key = {"provider_id": provider_id, "email_id": email_id, "attachment_id": attachment_id}
    of_row = _OF_PROVIDER + " AND email_id = %(email_id)s AND attachment_id = %(attachment_id)s"
    before: str | None = await session.value(
        "SELECT status FROM email_processed_attachments" + of_row + " FOR UPDATE", key
    )
    if before in ("failed", "dead", "skipped"):
        await session.execute(
            "UPDATE email_processed_attachments SET status = 'pending', reason = NULL, error_message = NULL,"
            " attempts = 0, outages = 0, claims = 0, failing_since = NULL, next_attempt_at = NULL,"
            " document_id = NULL, keep = keep OR %(keep)s OR reason = 'machine_part', updated_at = now()"
            + of_row
            + _NOT_REMOVED,
            {**key, "keep": keep},
        )
    elif keep:
        # Whoever works on it judged it without this wish, and so loses the claim.
        await session.execute(
            "UPDATE email_processed_attachments SET status = 'pending', keep = true, claims = 0, claim_token = NULL,"
            " claimed_until = NULL, updated_at = now()"
            + of_row
            + " AND status IN ('pending', 'processing') AND shown_inline AND NOT keep",
            key,
        )
    return before


async def forget_outages(session: TenantSession, provider_id: UUID) -> None:
    """Make due at once what waits for a provider that works again, and forget for how long it did not."""
    await session.execute(
        "UPDATE email_processed_attachments SET next_attempt_at = NULL, outages = 0, failing_since = NULL"
        + _OF_PROVIDER
        + " AND status = 'failed'",
        {"provider_id": provider_id},
    )


async def abandon(session: TenantSession, provider_id: UUID, why: str) -> None:
    """Put aside what has not been read of a provider that is removed."""
    await session.execute(
        "UPDATE email_processed_attachments SET status = 'dead', reason = 'gone', error_message = %(why)s,"
        " claim_token = NULL, claimed_until = NULL, next_attempt_at = NULL, updated_at = now()" + _OF_PROVIDER + _OPEN,
        {"provider_id": provider_id, "why": why},
    )


async def make_all_failed_due(session: TenantSession) -> list[tuple[UUID, str, str]]:
    """Make every failed and dead row of the tenant due again, where its mailbox is there; gives their keys."""
    rows = await session.values(
        "WITH due AS (UPDATE email_processed_attachments SET status = 'pending', reason = NULL, error_message = NULL,"
        " attempts = 0, outages = 0, claims = 0, failing_since = NULL, next_attempt_at = NULL, updated_at = now()"
        " WHERE tenant = %(tenant)s AND status IN ('failed', 'dead')"
        + _NOT_REMOVED
        + " RETURNING created_at, provider_id, email_id, attachment_id)"
        " SELECT provider_id, email_id, attachment_id FROM due ORDER BY created_at DESC, provider_id, email_id"
    )
    return [(provider_id, email_id, attachment_id) for provider_id, email_id, attachment_id in rows]


async def give_again(session: TenantSession, provider_id: UUID, email_id: str) -> int:
    """Make those parts of a mail due whose bytes were gone, since its sender gave them again; says how many."""
    return await session.execute(
        "UPDATE email_processed_attachments SET status = 'pending', reason = NULL, error_message = NULL,"
        " attempts = 0, outages = 0, claims = 0, failing_since = NULL, next_attempt_at = NULL, updated_at = now()"
        + _OF_PROVIDER
        + " AND email_id = %(email_id)s AND status IN ('failed', 'dead') AND reason = 'gone'",
        {"provider_id": provider_id, "email_id": email_id},
    )


async def sources_of(session: TenantSession, sha256: str) -> list[str | None]:
    """Give the kept raw mails (by hash) that stored rows with these bytes came from; `None` for one at its provider."""
    rows = await session.values(
        "SELECT DISTINCT m.raw_sha256 FROM email_processed_attachments AS a"
        " JOIN email_processed_messages AS m ON m.tenant = %(tenant)s AND m.provider_id = a.provider_id"
        "  AND m.email_id = a.email_id"
        " JOIN email_providers AS p ON p.tenant = %(tenant)s AND p.provider_id = a.provider_id"
        " WHERE a.tenant = %(tenant)s AND a.status = 'stored' AND a.sha256 = %(sha256)s AND" + _HAS_SOURCE,
        {"sha256": sha256},
    )
    return [row[0] for row in rows]


async def make_due_again(session: TenantSession, sha256: str) -> list[UUID]:
    """Make stored rows due whose object is lost; gives their providers. Their documents and ids stay.

    Where some can still be read, only those: they bring back the object of the others as well.
    """
    rows = await session.values(
        "WITH wanted AS (SELECT a.provider_id, a.email_id, a.attachment_id, p.removed_at IS NULL AS open,"
        + _HAS_SOURCE
        + " AS readable FROM email_processed_attachments AS a"
        " JOIN email_processed_messages AS m ON m.tenant = %(tenant)s AND m.provider_id = a.provider_id"
        "  AND m.email_id = a.email_id"
        " JOIN email_providers AS p ON p.tenant = %(tenant)s AND p.provider_id = a.provider_id"
        " WHERE a.tenant = %(tenant)s AND a.status = 'stored' AND a.sha256 = %(sha256)s),"
        " due AS (UPDATE email_processed_attachments AS a SET status = 'pending', next_attempt_at = NULL,"
        " keep = true, updated_at = now() FROM wanted AS w"
        " WHERE a.tenant = %(tenant)s AND a.provider_id = w.provider_id AND a.email_id = w.email_id"
        " AND a.attachment_id = w.attachment_id AND w.open"
        " AND (w.readable OR NOT EXISTS (SELECT FROM wanted WHERE readable)) RETURNING a.provider_id)"
        " SELECT DISTINCT provider_id FROM due",
        {"sha256": sha256},
    )
    return [row[0] for row in rows]


async def lapsed(session: TenantSession) -> list[tuple[UUID, str, str]]:
    """List the rows whose worker is gone: claimed, and the claim has run out."""
    rows = await session.values(
        "SELECT provider_id, email_id, attachment_id FROM email_processed_attachments"
        " WHERE tenant = %(tenant)s AND status = 'processing' AND claimed_until < now()"
        " ORDER BY provider_id, email_id, attachment_id"
    )
    return [(provider_id, email_id, attachment_id) for provider_id, email_id, attachment_id in rows]


async def free_lapsed(session: TenantSession) -> list[UUID]:
    """Make the rows of dead workers pending again; gives their providers."""
    rows = await session.values(
        "WITH freed AS (UPDATE email_processed_attachments SET status = 'pending', claim_token = NULL,"
        " claimed_until = NULL, updated_at = now()"
        " WHERE tenant = %(tenant)s AND status = 'processing' AND claimed_until < now() RETURNING provider_id)"
        " SELECT DISTINCT provider_id FROM freed"
    )
    return [row[0] for row in rows]
