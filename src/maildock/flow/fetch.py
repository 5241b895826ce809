"""Fetch: from an email in a provider's store to an `InboundMessage`, and on to its filing.

One mail at a time and mailbox, in the order they came, so that a reply finds what it replies to.
"""

from datetime import UTC, datetime

import structlog

from maildock import metrics
from maildock.domain.errors import Gone, KilledItsWorker, LostClaim, MaildockError, loggable
from maildock.domain.failures import DEATHS_BEFORE_ALONE, History, judge_failure
from maildock.flow.alone import Gate
from maildock.flow.context import Context
from maildock.flow.file import Filed, file_message
from maildock.providers.base import EmailRef, Provider
from maildock.queue import Lease, describe
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers, mailbox_leases
from maildock.tables.email_processed_messages import ClaimedMessage
from maildock.tables.session import DatabaseAway

log = structlog.get_logger(__name__)


async def fetch_next(context: Context, lease: Lease, gate: Gate) -> bool:
    """Take the mailbox's oldest due mail all the way into its ticket; `False` when none is due.

    Whatever goes wrong with the mail is written down on it; only a lost claim or our own database stop the work.
    """
    where = describe(lease.on)
    kind, claimed = await _claim(context, lease)
    if claimed is None:
        return False
    try:
        async with gate.passage(alone=claimed.claims > DEATHS_BEFORE_ALONE):
            filed = await _fetch_and_file(context, lease, context.providers[kind], claimed)
    except (LostClaim, DatabaseAway):
        raise
    except Exception as problem:
        await _record(context, lease, claimed, problem)
        metrics.mail_filed("failed")
        expected = isinstance(problem, MaildockError)
        log.warning(
            "mail not filed", **where, email_id=claimed.email_id, error=loggable(problem), exc_info=not expected
        )
    else:
        metrics.mail_filed(filed.outcome)
        log.info("mail filed", **where, email_id=claimed.email_id, outcome=filed.outcome, parts=filed.parts)
    return True


async def _claim(context: Context, lease: Lease) -> tuple[str, ClaimedMessage | None]:
    lease.check()
    provider_id = lease.on.provider_id
    async with context.database.tenant(lease.on.tenant) as session:
        if not await mailbox_leases.is_held(session, provider_id, lease.on.work, lease.token):
            raise LostClaim
        provider = await email_providers.working(session, provider_id)
        if provider is None:
            return "", None
        return provider.kind, await messages.claim_next(session, provider_id, lease.token, context.claim_seconds)


async def _fetch_and_file(context: Context, lease: Lease, provider: Provider, claimed: ClaimedMessage) -> Filed:
    if claimed.claims > DEATHS_BEFORE_ALONE + 1:
        raise KilledItsWorker
    email = EmailRef(lease.on.tenant, lease.on.provider_id, claimed.email_id, claimed.raw_sha256, claimed.raw_size)
    lease.check()
    message = await provider.fetch(email)
    return await file_message(context, lease.token, email, message)


async def _record(context: Context, lease: Lease, claimed: ClaimedMessage, problem: Exception) -> None:
    history = History(claimed.attempts, claimed.outages, claimed.failing_since)
    verdict = judge_failure(problem, history, context.rules, datetime.now(UTC))
    async with context.database.tenant(lease.on.tenant) as session:
        written = await messages.fail(
            session,
            lease.on.provider_id,
            claimed.email_id,
            lease.token,
            # What its provider no longer has is not tried again, but can be sent again.
            status="gone" if isinstance(problem, Gone) else verdict.status,
            error_message=verdict.message,
            attempts=verdict.attempts,
            outages=verdict.outages,
            retry_in=None if isinstance(problem, Gone) else verdict.retry_in,
        )
    if not written:
        raise LostClaim
