"""Fetch: from an email in a provider's store to an `InboundMessage`, and on to its filing.

One mail at a time and mailbox, in the order they came, so that a reply finds what it replies to.
"""

from datetime import UTC, datetime

import structlog

from maildock import metrics
from maildock.domain.errors import Gone, KilledItsWorker, LostClaim, MaildockError, NotThere, loggable
from maildock.domain.failures import DEATHS_BEFORE_ALONE, History, judge_failure
from maildock.domain.message import InboundMessage
from maildock.flow.alone import Gate
from maildock.flow.back_off import back_off
from maildock.flow.context import Context
from maildock.flow.file import Filed, file_message, ignore_message
from maildock.providers.base import EmailRef, Mailbox, Provider, RemoteProvider
from maildock.queue import Lease, describe
from maildock.tables import email_processed_messages as messages
from maildock.tables.email_processed_messages import ClaimedMessage
from maildock.tables.mailbox_leases import HeldMailbox
from maildock.tables.session import DatabaseAway

log = structlog.get_logger(__name__)

LOOKS = 4  # for a mail that was announced and is not there; right after a notification that is usual


async def fetch_next(context: Context, lease: Lease, gate: Gate) -> bool:
    """Take the mailbox's oldest due mail all the way into its ticket; `False` when none is due.

    Whatever goes wrong with the mail is written down on it; only a lost claim or our own database stop the work.
    """
    where = describe(lease.on)
    held, claimed = await _claim(context, lease)
    if claimed is None:
        return False
    provider = context.providers[held.kind]
    mailbox = Mailbox(lease.on.tenant, lease.on.provider_id, held.mailbox, held.since)
    try:
        async with gate.passage(alone=claimed.claims > DEATHS_BEFORE_ALONE):
            filed = await _fetch_and_file(context, lease, provider, mailbox, claimed)
    except (LostClaim, DatabaseAway):
        raise
    except Exception as problem:
        if isinstance(provider, RemoteProvider):
            problem = await back_off(context, lease, provider, mailbox, problem)
        await _record(context, lease, claimed, problem)
        metrics.mail_filed("failed")
        expected = isinstance(problem, MaildockError)
        log.warning(
            "mail not filed", **where, email_id=claimed.email_id, error=loggable(problem), exc_info=not expected
        )
    else:
        outcome, parts = (filed.outcome, filed.parts) if filed else ("ignored", 0)
        metrics.mail_filed(outcome)
        log.info("mail filed", **where, email_id=claimed.email_id, outcome=outcome, parts=parts)
    return True


async def _claim(context: Context, lease: Lease) -> tuple[HeldMailbox, ClaimedMessage | None]:
    lease.check()
    async with context.database.tenant(lease.on.tenant) as session:
        held = await lease.mailbox(session)
        if not held.working:
            return held, None
        return held, await messages.claim_next(session, lease.on.provider_id, lease.token, context.claim_seconds)


async def _fetch_and_file(
    context: Context, lease: Lease, provider: Provider, mailbox: Mailbox, claimed: ClaimedMessage
) -> Filed | None:
    if claimed.claims > DEATHS_BEFORE_ALONE + 1:
        raise KilledItsWorker
    email = EmailRef(lease.on.tenant, lease.on.provider_id, claimed.email_id, claimed.raw_sha256, claimed.raw_size)
    lease.check()
    message = await provider.fetch(email)
    unwanted = _unwanted(message, mailbox)
    if unwanted:
        await ignore_message(context, lease.token, email, message, unwanted)
        return None
    return await file_message(context, lease.token, email, message)


def _unwanted(message: InboundMessage, mailbox: Mailbox) -> str:
    """Say why a mail makes no ticket; empty where it does."""
    if message.received_at is not None and message.received_at < mailbox.since:
        return "received before the mailbox's start time"
    return message.ignored


async def _record(context: Context, lease: Lease, claimed: ClaimedMessage, problem: Exception) -> None:
    history = History(claimed.attempts, claimed.outages, claimed.failing_since)
    verdict = judge_failure(problem, history, context.rules, datetime.now(UTC))
    looked = verdict.attempts >= min(LOOKS, context.rules.max_attempts)
    gone = isinstance(problem, Gone) and (looked or not isinstance(problem, NotThere))
    async with context.database.tenant(lease.on.tenant) as session:
        written = await messages.fail(
            session,
            lease.on.provider_id,
            claimed.email_id,
            lease.token,
            # What its provider no longer has is not tried again, but can be sent again.
            status="gone" if gone else verdict.status,
            error_message=verdict.message,
            attempts=verdict.attempts,
            outages=verdict.outages,
            retry_in=None if gone else verdict.retry_in,
        )
    if not written:
        raise LostClaim
