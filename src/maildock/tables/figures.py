"""Figures of a tenant: what came in within a time, how it ended, how long that took, and what waits now.

Each statement reads one stretch of an index on the time, or one that holds nothing but what is open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class MailCount:
    """Mails that came in from `at` on, for one step: `broken` ones failed or died."""

    at: datetime
    fine: int
    broken: int


@dataclass(frozen=True, slots=True)
class PartCount:
    """Parts that came in from `at` on, for one step, by status; `stored_bytes` is the size of the stored ones."""

    at: datetime
    stored: int
    skipped: int
    pending: int
    processing: int
    failed: int
    dead: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due now and not in anybody's hands; `oldest_seconds` is for how long the oldest has been."""

    mails: int
    parts: int
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds from a mail's receipt until a file of it was stored, `None` where nothing was."""

    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Held:
    """What the store holds: a count, and bytes."""

    objects: int
    size: int


async def mails(session: TenantSession, since: datetime, until: datetime, step: timedelta) -> list[MailCount]:
    """Count mails by steps from `since` on; a step without any is left out."""
    return await session.all(
        MailCount,
        "SELECT date_bin(%(step)s, created_at, %(since)s) AS at,"
        " count(*) FILTER (WHERE status NOT IN ('failed', 'dead')) AS fine,"
        " count(*) FILTER (WHERE status IN ('failed', 'dead')) AS broken FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND created_at >= %(since)s AND created_at < %(until)s GROUP BY 1 ORDER BY 1",
        {"since": since, "until": until, "step": step},
    )


async def parts(session: TenantSession, since: datetime, until: datetime, step: timedelta) -> list[PartCount]:
    """Count parts by steps from `since` on; a step without any is left out."""
    return await session.all(
        PartCount,
        "SELECT date_bin(%(step)s, created_at, %(since)s) AS at,"
        " count(*) FILTER (WHERE status = 'stored') AS stored, count(*) FILTER (WHERE status = 'skipped') AS skipped,"
        " count(*) FILTER (WHERE status = 'pending') AS pending,"
        " count(*) FILTER (WHERE status = 'processing') AS processing,"
        " count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'dead') AS dead,"
        " coalesce(sum(size) FILTER (WHERE status = 'stored'), 0)::bigint AS stored_bytes"
        " FROM email_processed_attachments"
        " WHERE tenant = %(tenant)s AND created_at >= %(since)s AND created_at < %(until)s GROUP BY 1 ORDER BY 1",
        {"since": since, "until": until, "step": step},
    )


async def taken(session: TenantSession, since: datetime, until: datetime) -> Taken:
    """Say how long the files of a time took; what a person wished for later is not counted."""
    found = await session.one(
        Taken,
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,"
        " percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95"
        " FROM (SELECT extract(epoch FROM a.updated_at - (SELECT m.created_at FROM email_processed_messages AS m"
        "   WHERE m.tenant = %(tenant)s AND m.provider_id = a.provider_id AND m.email_id = a.email_id))::float8"
        "   AS seconds"
        "  FROM email_processed_attachments AS a WHERE a.tenant = %(tenant)s AND a.status = 'stored' AND NOT a.keep"
        "  AND a.created_at >= %(since)s AND a.created_at < %(until)s) AS stored",
        {"since": since, "until": until},
    )
    return found or Taken(None, None)


async def waiting(session: TenantSession) -> Waiting:
    """Say what is due and in nobody's hands, in mailboxes that may be worked on."""
    found = await session.one(
        Waiting,
        "SELECT count(*) FILTER (WHERE mail) AS mails, count(*) FILTER (WHERE NOT mail) AS parts,"
        " extract(epoch FROM now() - min(due_at))::float8 AS oldest_seconds FROM email_providers AS p JOIN ("
        "SELECT true AS mail, provider_id, greatest(created_at, next_attempt_at) AS due_at, claimed_until"
        " FROM email_processed_messages WHERE tenant = %(tenant)s AND status IN ('received', 'failed')"
        " UNION ALL SELECT false, provider_id, greatest(created_at, next_attempt_at), claimed_until"
        " FROM email_processed_attachments WHERE tenant = %(tenant)s AND status IN ('pending', 'processing', 'failed')"
        ") AS open ON open.provider_id = p.provider_id WHERE p.tenant = %(tenant)s AND p.status = 'active'"
        " AND (p.quiet_until IS NULL OR p.quiet_until <= now())"
        " AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())",
    )
    return found or Waiting(0, 0, None)


async def held(session: TenantSession) -> Held:
    """Say what the store holds of this tenant."""
    found = await session.one(
        Held,
        "SELECT count(*) AS objects, coalesce(sum(size), 0)::bigint AS size FROM objects"
        " WHERE tenant = %(tenant)s AND state = 'stored'",
    )
    return found or Held(0, 0)
