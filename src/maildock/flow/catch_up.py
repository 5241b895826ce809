"""Catch up: ask a mailbox's provider what came in, write it down, and only then move on.

Push is a hint, never the truth, so every mailbox is asked from time to time; the same turn looks after its
notifications. A page's mails and the cursor behind it are one transaction.
"""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog

from maildock.domain.errors import LostClaim, MaildockError, Unauthorized, loggable
from maildock.domain.failures import backoff
from maildock.flow.back_off import back_off
from maildock.flow.context import Context
from maildock.flow.resume import resume
from maildock.providers.base import Arrival, Changes, Mailbox, Push, RemoteProvider
from maildock.queue import Lease, describe
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers, mailbox_cursors, mailbox_leases
from maildock.tables.email_processed_messages import Announced
from maildock.tables.email_providers import ProviderRow
from maildock.tables.session import DatabaseAway, TenantSession

log = structlog.get_logger(__name__)

WATCH_AGAIN_SECONDS = 60.0

Answer = TypeVar("Answer")


async def catch_up(context: Context, lease: Lease) -> bool:
    """Do one thing that the mailbox itself is due for; `False` when it is due for nothing.

    Whatever goes wrong is written down on the provider; only a lost claim or our own database stop the work.
    """
    lease.check()
    async with context.database.tenant(lease.on.tenant) as session:
        row = await email_providers.to_ask(session, lease.on.provider_id)
    if row is None:
        return False
    provider = context.remote(row.kind)
    mailbox = Mailbox(lease.on.tenant, row.provider_id, row.mailbox, row.since)
    if row.self_paused:
        await _look_again(context, lease, provider, mailbox)
    elif row.watch_is_due:
        await _watch(context, lease, provider, mailbox)
    else:
        await _poll(context, lease, provider, mailbox, row)
    return True


async def _poll(context: Context, lease: Lease, provider: RemoteProvider, mailbox: Mailbox, row: ProviderRow) -> None:
    async with context.database.tenant(lease.on.tenant) as session:
        cursor = await mailbox_cursors.get(session, row.provider_id)
    lease.check()
    changes = await _tried("mailbox not polled", lease, provider.changes(mailbox, cursor))
    if isinstance(changes, Exception):
        await _poll_failed(context, lease, provider, mailbox, row, changes)
    else:
        await _take_down(context, lease, mailbox, row, changes)


async def _take_down(context: Context, lease: Lease, mailbox: Mailbox, row: ProviderRow, changes: Changes) -> None:
    wanted = [arrival for arrival in changes.arrivals if not _too_early(arrival, mailbox)]
    wanted.sort(key=lambda arrival: arrival.received_at or datetime.now(UTC))
    async with context.database.tenant(lease.on.tenant) as session:
        await _assert_held(session, lease)
        new = await messages.receive_all(
            session,
            mailbox.provider_id,
            [Announced(arrival.email_id, arrival.received_at, arrival.ignored) for arrival in wanted],
        )
        await mailbox_cursors.move(session, mailbox.provider_id, changes.cursor)
        if changes.recovered:
            await email_providers.note_recovered(session, mailbox.provider_id, len(new), begun=_is_new_search(row))
        if not changes.more:
            seconds = _next_poll(context, context.remote(row.kind), row)
            await email_providers.polled(session, mailbox.provider_id, row.poll_at, seconds)
    if new or changes.recovered:
        log.info("mailbox polled", **describe(lease.on), new=len(new), recovered=changes.recovered)


def _next_poll(context: Context, provider: RemoteProvider, row: ProviderRow) -> float:
    pushed = row.poll_at is not None and row.poll_at == row.last_push_at
    return (
        min(provider.echo_seconds, context.poll_seconds) if pushed and provider.echo_seconds else context.poll_seconds
    )


def _is_new_search(row: ProviderRow) -> bool:
    """Say whether the search before this one came to its end."""
    return row.recovered_at is None or (row.last_poll_at is not None and row.recovered_at <= row.last_poll_at)


def _too_early(arrival: Arrival, mailbox: Mailbox) -> bool:
    return arrival.received_at is not None and arrival.received_at < mailbox.since


async def _assert_held(session: TenantSession, lease: Lease) -> None:
    if not await mailbox_leases.is_held(session, lease.on.provider_id, lease.on.work, lease.token):
        raise LostClaim


async def _poll_failed(
    context: Context,
    lease: Lease,
    provider: RemoteProvider,
    mailbox: Mailbox,
    row: ProviderRow,
    problem: Exception,
) -> None:
    judged = await back_off(context, lease, provider, mailbox, problem)
    seconds = min(context.poll_seconds, backoff(row.poll_failures + 1, context.rules))
    async with context.database.tenant(lease.on.tenant) as session:
        await _assert_held(session, lease)
        await email_providers.poll_failed(session, mailbox.provider_id, loggable(judged), seconds)


async def _watch(context: Context, lease: Lease, provider: RemoteProvider, mailbox: Mailbox) -> None:
    lease.check()
    push = await _tried("notifications not arranged", lease, provider.watch(mailbox))
    if isinstance(push, Exception):
        judged = await back_off(context, lease, provider, mailbox, push)
        remedy = judged.remedy if isinstance(judged, Unauthorized) else None
        again_at = datetime.now(UTC) + timedelta(seconds=WATCH_AGAIN_SECONDS)
        push = Push(again_at, problem=loggable(judged), remedy=remedy)
    async with context.database.tenant(lease.on.tenant) as session:
        await _assert_held(session, lease)
        await email_providers.watched(session, mailbox.provider_id, push.renew_at, push.problem, push.remedy)


async def _look_again(context: Context, lease: Lease, provider: RemoteProvider, mailbox: Mailbox) -> None:
    """See whether a mailbox that was closed to us is open again; then go on where we stopped."""
    lease.check()
    closed = await _tried("mailbox still closed", lease, provider.probe(mailbox))
    if closed is None:
        await resume(context, lease.on.tenant, mailbox.provider_id)
        log.info("mailbox open again", **describe(lease.on))
        return
    async with context.database.tenant(lease.on.tenant) as session:
        await _assert_held(session, lease)
        await email_providers.poll_failed(session, mailbox.provider_id, loggable(closed), context.poll_seconds)


async def _tried(event: str, lease: Lease, asking: Awaitable[Answer]) -> Answer | Exception:
    """Give what the provider answers, or the error that it ends in: that is to be recorded on the mailbox."""
    try:
        return await asking
    except (LostClaim, DatabaseAway):
        raise
    except Exception as problem:
        expected = isinstance(problem, MaildockError)
        log.warning(event, **describe(lease.on), error=loggable(problem), exc_info=not expected)
        return problem
