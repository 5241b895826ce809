"""Health: how a mailbox does, why, and what a person can do about it. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from maildock.tables.email_providers import OpenWork, ProviderRow

SILENT_POLLS = 3  # that may be missed before a mailbox counts as silent
SHORTEST_SILENCE = 30.0
FAILED_POLLS = 2  # one alone is a hiccup
FAILING_REMEDY = (
    "see why with `maildock emails list` and `maildock attachments list`, each with `--status failed` and"
    " `--status dead`; what has failed is tried again by itself, all of it by `maildock attachments retry --all-failed`"
)

Status = Literal["ok", "degraded", "paused"]


@dataclass(frozen=True, slots=True)
class Health:
    """How a mailbox does; `reason` and `remedy` are sentences, `None` where there is nothing to say."""

    status: Status
    reason: str | None = None
    remedy: str | None = None


def judge(row: ProviderRow, work: OpenWork, poll_seconds: float, now: datetime) -> Health:
    """Judge a mailbox by what is written down of it; what is worse is said first."""
    if row.status == "paused":
        return Health("paused", row.status_reason or "paused by an operator", way_to_resume(row))
    silence = timedelta(seconds=max(SILENT_POLLS * poll_seconds, SHORTEST_SILENCE))
    heard = max(at for at in (row.last_push_at, row.last_poll_at, row.created_at) if at is not None)
    again = f"it is tried again by itself; `maildock providers check {row.provider_id}`"
    if row.poll_at is not None and row.poll_error and (row.poll_failures >= FAILED_POLLS or now - heard > silence):
        return Health("degraded", row.poll_error, again)
    if row.poll_at is not None and now - heard > silence:
        return Health(
            "degraded",
            f"no push and no successful poll for {int((now - heard).total_seconds())} s",
            "is a worker running? `maildock worker`",
        )
    if row.watch_error:
        return Health("degraded", f"mail comes in by polling alone: {row.watch_error}", row.watch_remedy or again)
    if work.failing:
        return Health(
            "degraded",
            f"{work.failing} mails or attachments have failed",
            FAILING_REMEDY,
        )
    return Health("ok", _recovered(row, now) or _not_yet(row, now))


def way_to_resume(row: ProviderRow) -> str:
    """Say what makes a paused mailbox go on."""
    resume = f"`maildock providers resume {row.provider_id}`"
    if row.status_remedy:
        return f"{row.status_remedy}; then {resume}"
    return f"mend the cause, then {resume}" if row.self_paused else f"to go on: {resume}"


def _not_yet(row: ProviderRow, now: datetime) -> str | None:
    if row.since <= now:
        return None
    return f"nothing is read yet: mail is taken in from {row.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} on"


def _recovered(row: ProviderRow, now: datetime) -> str | None:
    if row.recovered_at is None or now - row.recovered_at > timedelta(days=1):
        return None
    return f"a search after a lost place in the mailbox's history recovered {row.recovered} mails"
