"""`email_providers`: a tenant's configured connections to where mail comes from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from maildock.tables.session import SweepSession, TenantSession


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider: `status` is `active` or `paused`, with the reason in words.

    `self_paused` says that maildock paused it, being locked out, and looks from time to time whether that is mended.
    `since` is where its mail begins; `poll_at` and `watch_at` say when it is due to be asked for changes, and its
    notifications to be looked after; `None` for a kind that needs neither. `recovered` mails were found by the search
    that a lost cursor called for, at `recovered_at`.
    """

    provider_id: UUID
    kind: str
    mailbox: str
    status: str
    status_reason: str | None
    status_remedy: str | None
    self_paused: bool
    since: datetime
    quiet_until: datetime | None
    poll_at: datetime | None
    poll_error: str | None
    poll_failures: int
    recovered_at: datetime | None
    recovered: int
    watch_at: datetime | None
    watch_error: str | None
    watch_remedy: str | None
    last_push_at: datetime | None
    last_poll_at: datetime | None
    last_mail_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ToAsk(ProviderRow):
    """A provider that is to be asked now; `watch_is_due` where first of all to notify us."""

    watch_is_due: bool


@dataclass(frozen=True, slots=True)
class OpenWork:
    """How many mails and attachments of a provider still wait, how many have failed or died, and these alone."""

    backlog: int
    failing: int
    dead: int = 0


_COLUMNS: LiteralString = (
    "provider_id, kind, mailbox, status, status_reason, status_remedy, self_paused, since, quiet_until, poll_at,"
    " poll_error, poll_failures, recovered_at, recovered, watch_at, watch_error, watch_remedy, last_push_at,"
    " last_poll_at, last_mail_at, created_at"
)
_OF_PROVIDER: LiteralString = " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND removed_at IS NULL"


async def get(session: TenantSession, provider_id: UUID) -> ProviderRow | None:
    """Give one provider of the tenant."""
    statement = f"SELECT {_COLUMNS} FROM email_providers" + _OF_PROVIDER
    return await session.one(ProviderRow, statement, {"provider_id": provider_id})


# Of `email_providers AS p`: none that wants to be left in peace, and, by the database's clock, those to be asked.
# What maildock paused itself is asked to see whether it is mended.
AWAKE: LiteralString = " (p.quiet_until IS NULL OR p.quiet_until <= now())"
TO_ASK: LiteralString = (
    " (p.status = 'active' OR p.self_paused) AND"
    + AWAKE
    + " AND (p.poll_at <= now() OR (p.status = 'active' AND p.watch_at <= now()))"
)


async def to_ask(session: TenantSession, provider_id: UUID) -> ToAsk | None:
    """Give the provider if it is to be asked now: for changes, to notify us, or whether it is open again."""
    return await session.one(
        ToAsk,
        f"SELECT {_COLUMNS}, coalesce(watch_at <= now(), false) AS watch_is_due FROM email_providers AS p"
        + _OF_PROVIDER
        + " AND"
        + TO_ASK,
        {"provider_id": provider_id},
    )


async def create(session: TenantSession, provider_id: UUID, kind: str, mailbox: str, since: datetime | None) -> None:
    """Connect a mailbox, due to be polled and watched at once; without `since` its mail begins now.

    It begins with a whole second: vendors tell the time of a mail no finer.
    """
    await session.execute(
        "INSERT INTO email_providers (tenant, provider_id, kind, mailbox, since, poll_at, watch_at)"
        " VALUES (%(tenant)s, %(provider_id)s, %(kind)s, %(mailbox)s,"
        " date_trunc('second', coalesce(%(since)s, now())), now(), now())",
        {"provider_id": provider_id, "kind": kind, "mailbox": mailbox, "since": since},
    )


async def connected(session: TenantSession, kind: str, mailbox: str) -> UUID | None:
    """Give the provider of this kind that the mailbox is connected by already."""
    found: UUID | None = await session.value(
        "SELECT provider_id FROM email_providers"
        " WHERE tenant = %(tenant)s AND removed_at IS NULL AND kind = %(kind)s"
        " AND lower(mailbox) = lower(%(mailbox)s)",
        {"kind": kind, "mailbox": mailbox},
    )
    return found


async def connect_in_turn(session: TenantSession) -> None:
    """Let nobody else connect a mailbox of the tenant until this transaction ends: a form may be sent twice."""
    await session.execute("SELECT pg_advisory_xact_lock(hashtext('maildock connects ' || %(tenant)s::text))")


async def page(session: TenantSession, before: tuple[Any, ...] | None, limit: int) -> list[ProviderRow]:
    """List the tenant's providers, the newest first, before `(created_at, provider_id)`."""
    at, last = before or (None, None)
    return await session.all(
        ProviderRow,
        f"SELECT {_COLUMNS} FROM email_providers WHERE tenant = %(tenant)s AND removed_at IS NULL"
        " AND (created_at, provider_id) < (coalesce(%(at)s::timestamptz, 'infinity'), %(last)s::uuid)"
        " ORDER BY created_at DESC, provider_id DESC LIMIT %(limit)s",
        {"at": at, "last": last, "limit": limit},
    )


# Each condition is that of a small index, so that a mailbox's long history is not read.
_OPEN: LiteralString = (
    "SELECT sum(waiting)::bigint AS backlog, sum(failed + dead)::bigint AS failing, sum(dead)::bigint AS dead FROM ("
    "SELECT count(*) AS waiting, count(*) FILTER (WHERE status = 'failed') AS failed, 0 AS dead"
    " FROM email_processed_messages"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('received', 'failed')"
    " UNION ALL SELECT 0, 0, count(*) FROM email_processed_messages"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status = 'dead'"
    " UNION ALL SELECT count(*), count(*) FILTER (WHERE status = 'failed'), 0 FROM email_processed_attachments"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status IN ('pending', 'processing', 'failed')"
    " UNION ALL SELECT 0, 0, count(*) FROM email_processed_attachments"
    " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s AND status = 'dead') AS work"
)


async def open_work(session: TenantSession, provider_id: UUID) -> OpenWork:
    """Count what of this provider is not done."""
    return await session.one(OpenWork, _OPEN, {"provider_id": provider_id}) or OpenWork(0, 0)


async def note_mail(session: TenantSession, provider_id: UUID) -> None:
    """Write down that a mail has just been filed from this provider."""
    await session.later("UPDATE email_providers SET last_mail_at = now()" + _OF_PROVIDER, {"provider_id": provider_id})


async def pause(session: TenantSession, provider_id: UUID, reason: str, remedy: str | None, *, by_us: bool) -> bool:
    """Pause a provider; `by_us` where it is closed to us, which is looked at again. `False` when there is none."""
    changed = await session.execute(
        "UPDATE email_providers SET status = 'paused', status_reason = %(reason)s, status_remedy = %(remedy)s,"
        " self_paused = %(by_us)s" + _OF_PROVIDER + " AND (status = 'active' OR NOT %(by_us)s)",
        {"provider_id": provider_id, "reason": reason, "remedy": remedy, "by_us": by_us},
    )
    return changed == 1


async def resume(session: TenantSession, provider_id: UUID) -> bool:
    """Go on with a provider, and catch up at once; `False` when there is none."""
    changed = await session.execute(
        "UPDATE email_providers SET status = 'active', status_reason = NULL, status_remedy = NULL,"
        " self_paused = false, quiet_until = NULL, poll_failures = 0,"
        " poll_at = CASE WHEN poll_at IS NOT NULL THEN now() END,"
        " watch_at = CASE WHEN watch_at IS NOT NULL THEN now() END" + _OF_PROVIDER,
        {"provider_id": provider_id},
    )
    return changed == 1


async def keep_quiet(session: TenantSession, provider_id: UUID, seconds: float) -> None:
    """Ask nothing of a provider for a while: it wants us to wait."""
    await session.execute(
        "UPDATE email_providers SET quiet_until = greatest(quiet_until, now() + make_interval(secs => %(seconds)s))"
        + _OF_PROVIDER,
        {"provider_id": provider_id, "seconds": seconds},
    )


async def poll_now(session: TenantSession, provider_id: UUID, *, pushed: bool = False) -> bool:
    """Make a polled provider due at once; `pushed` where its vendor said so. `False` for any other kind."""
    changed = await session.execute(
        "UPDATE email_providers SET poll_at = now(),"
        " last_push_at = CASE WHEN %(pushed)s THEN now() ELSE last_push_at END"
        + _OF_PROVIDER
        + " AND poll_at IS NOT NULL",
        {"provider_id": provider_id, "pushed": pushed},
    )
    return changed == 1


async def note_push(session: TenantSession, provider_id: UUID) -> None:
    """Write down that the vendor has just notified us."""
    await session.execute(
        "UPDATE email_providers SET last_push_at = now()" + _OF_PROVIDER, {"provider_id": provider_id}
    )


async def polled(session: TenantSession, provider_id: UUID, due_at: datetime | None, seconds: float) -> None:
    """Write down that everything there was has been taken down; due again in `seconds`.

    Unless it became due anew since `due_at`, while its provider was being asked: then it stays so.
    """
    await session.execute(
        "UPDATE email_providers SET last_poll_at = now(), poll_error = NULL, poll_failures = 0,"
        " poll_at = CASE WHEN poll_at > %(due_at)s THEN poll_at ELSE now() + make_interval(secs => %(seconds)s) END"
        + _OF_PROVIDER,
        {"provider_id": provider_id, "due_at": due_at, "seconds": seconds},
    )


async def poll_failed(session: TenantSession, provider_id: UUID, error: str, seconds: float) -> None:
    """Write down that the provider could not be asked for changes; due again in `seconds`."""
    await session.execute(
        "UPDATE email_providers SET poll_error = %(error)s, poll_failures = poll_failures + 1,"
        " poll_at = now() + make_interval(secs => %(seconds)s)" + _OF_PROVIDER,
        {"provider_id": provider_id, "error": error, "seconds": seconds},
    )


async def note_recovered(session: TenantSession, provider_id: UUID, count: int, *, begun: bool) -> None:
    """Count mails that the search after a lost cursor has found; `begun` starts a new count."""
    await session.execute(
        "UPDATE email_providers SET recovered_at = now(),"
        " recovered = CASE WHEN %(begun)s THEN 0 ELSE recovered END + %(count)s" + _OF_PROVIDER,
        {"provider_id": provider_id, "count": count, "begun": begun},
    )


async def watched(
    session: TenantSession, provider_id: UUID, again_at: datetime, problem: str | None, remedy: str | None
) -> None:
    """Write down how it stands with the provider's notifications, and when to look after them again."""
    await session.execute(
        "UPDATE email_providers SET watch_at = %(again_at)s, watch_error = %(problem)s, watch_remedy = %(remedy)s"
        + _OF_PROVIDER,
        {"provider_id": provider_id, "again_at": again_at, "problem": problem, "remedy": remedy},
    )


async def watch_now(session: TenantSession, provider_id: UUID) -> None:
    """Have the provider's notifications looked after at once."""
    await session.execute(
        "UPDATE email_providers SET watch_at = now()" + _OF_PROVIDER + " AND watch_at IS NOT NULL",
        {"provider_id": provider_id},
    )


async def begin_earlier(session: TenantSession, provider_id: UUID, since: datetime) -> bool:
    """Move the start time of a provider back; a later one changes nothing. Says whether it moved."""
    moved = await session.execute(
        "UPDATE email_providers SET since = date_trunc('second', %(since)s::timestamptz)"
        + _OF_PROVIDER
        + " AND since > %(since)s",
        {"provider_id": provider_id, "since": since},
    )
    return moved == 1


async def remove(session: TenantSession, provider_id: UUID) -> bool:
    """Disconnect a provider for good; its row stays, for what came through it refers to it. `False` for none."""
    removed = await session.execute(
        "UPDATE email_providers SET removed_at = now(), status = 'paused', status_reason = 'removed',"
        " self_paused = false, poll_at = NULL, watch_at = NULL" + _OF_PROVIDER,
        {"provider_id": provider_id},
    )
    return removed == 1


async def tenant_of(session: SweepSession, provider_id: UUID) -> UUID | None:
    """Say whose provider this is."""
    tenant: UUID | None = await session.value(
        "SELECT tenant FROM email_providers WHERE provider_id = %(provider_id)s", {"provider_id": provider_id}
    )
    return tenant
