"""Back off: leave a mailbox in peace that asks for it, and pause one that is closed to us."""

import structlog

from maildock.domain.errors import MaildockError, Refused, Throttled, Unauthorized
from maildock.domain.failures import backoff
from maildock.flow.context import Context
from maildock.providers.base import Mailbox, RemoteProvider
from maildock.queue import Lease, describe
from maildock.tables import email_providers

log = structlog.get_logger(__name__)

LONGEST_QUIET = 3600.0


async def back_off(
    context: Context, lease: Lease, provider: RemoteProvider, mailbox: Mailbox, problem: Exception
) -> Exception:
    """Draw from an error what concerns the whole mailbox; gives the error that the item itself is judged by.

    Who is refused one item may still see all others, so the mailbox is probed before it is paused.
    """
    if isinstance(problem, Throttled):
        await _keep_quiet(context, lease, problem)
    if not isinstance(problem, Unauthorized):
        return problem
    lease.check()
    try:
        await provider.probe(mailbox)
    except Unauthorized as closed:
        await _pause(context, lease, closed)
        return closed
    except MaildockError as unknown:
        # Not known whether the mailbox or the item is closed: the next try will tell.
        return unknown
    return Refused(str(problem))


async def _keep_quiet(context: Context, lease: Lease, problem: Throttled) -> None:
    seconds = backoff(2, context.rules) if problem.retry_after is None else problem.retry_after
    async with context.database.tenant(lease.on.tenant) as session:
        await email_providers.keep_quiet(session, lease.on.provider_id, min(seconds, LONGEST_QUIET))


async def _pause(context: Context, lease: Lease, closed: Unauthorized) -> None:
    async with context.database.tenant(lease.on.tenant) as session:
        paused = await email_providers.pause(session, lease.on.provider_id, str(closed), closed.remedy, by_us=True)
    if paused:
        log.error("mailbox paused", **describe(lease.on), error=str(closed))
