"""What follows from a failure: counted or not, when to try again, when to give up. Pure.

An error about this attachment counts as an attempt; one about the world does not, and is tried again for hours.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from maildock.domain.errors import AttachmentError, KilledItsWorker, OutageError

LONGEST_DELAY = 15 * 60.0

# How often a row may be claimed without an end before it is tried alone; one more death and it is put aside.
DEATHS_BEFORE_ALONE = 3


@dataclass(frozen=True, slots=True)
class RetryRules:
    """The first delay in seconds, the attempts of one item, and the hours of one outage."""

    first_delay: float
    max_attempts: int
    give_up_hours: float


@dataclass(frozen=True, slots=True)
class History:
    """What went wrong with this item before."""

    attempts: int
    outages: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` is `failed` or `dead`; `retry_in` is in seconds, `None` when dead."""

    status: str
    reason: str
    message: str
    attempts: int
    outages: int
    retry_in: float | None


def backoff(failures: int, rules: RetryRules) -> float:
    """Give a delay in seconds before the next try: exponential, with full jitter, at most 15 minutes."""
    ceiling = min(LONGEST_DELAY, rules.first_delay * 2 ** min(failures - 1, 20))
    return random.uniform(0, ceiling)  # noqa: S311 - jitter, not a secret


def judge_failure(error: Exception, history: History, rules: RetryRules, now: datetime) -> Verdict:
    """Decide what becomes of an item after `error`; what is not one of our errors is `internal`, and counts."""
    if isinstance(error, OutageError):
        return _outage(error, history, rules, now)
    reason = error.reason if isinstance(error, AttachmentError) else "internal"
    message = str(error) if isinstance(error, AttachmentError) else f"{type(error).__name__} inside maildock"
    attempts = history.attempts + 1
    if attempts >= rules.max_attempts or isinstance(error, KilledItsWorker):
        return Verdict("dead", reason, message, attempts, 0, None)
    return Verdict("failed", reason, message, attempts, 0, backoff(attempts, rules))


def _outage(error: OutageError, history: History, rules: RetryRules, now: datetime) -> Verdict:
    outages = history.outages + 1
    since = history.failing_since
    if since is not None and now - since > timedelta(hours=rules.give_up_hours):
        return Verdict("dead", error.reason, str(error), history.attempts, outages, None)
    delay = max(backoff(outages, rules), error.retry_after or 0)
    return Verdict("failed", error.reason, str(error), history.attempts, outages, delay)
