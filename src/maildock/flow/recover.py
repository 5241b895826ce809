"""Recover: find what a crash, a lost hint or an outage left behind, and what nobody needs any more."""

import structlog

from maildock.flow.context import Context
from maildock.queue import Hint, Work
from maildock.storage.keys import object_key
from maildock.tables import due, objects, tenants
from maildock.tables import email_processed_messages as messages

log = structlog.get_logger(__name__)


async def due_work(context: Context) -> list[Hint]:
    """Name every mailbox with rows that are due and unclaimed, a dead worker's included."""
    async with context.database.sweep() as session:
        found = await due.mailboxes(session)
    return [Hint(row.tenant, row.provider_id, _work(row.work)) for row in found]


async def is_due(context: Context, on: Hint) -> bool:
    """Say whether this mailbox has rows of this kind that are due and unclaimed."""
    async with context.database.tenant(on.tenant) as session:
        return await due.is_due(session, on.provider_id, on.work)


async def open_claims(context: Context) -> bool:
    """Say whether any row is claimed, by a living worker or by one that died."""
    async with context.database.sweep() as session:
        return await due.any_claim(session)


async def tidy(context: Context) -> None:
    """Delete spool files without an owner, and raw messages and objects that nothing refers to any more."""
    await context.spool.sweep()
    async with context.database.sweep() as session:
        everyone = await tenants.every(session)
    for tenant in everyone:
        async with context.database.tenant(tenant.tenant) as tenant_session:
            await messages.release_raw(tenant_session)
        async with context.database.tenant(tenant.tenant) as tenant_session:
            doomed = await objects.mark_unreferenced(tenant_session)
        if not doomed:
            continue
        for row in doomed:
            await context.store.delete(object_key(tenant.tenant, row.sha256))
        async with context.database.tenant(tenant.tenant) as tenant_session:
            await objects.forget(tenant_session, [row.sha256 for row in doomed])
        log.info("objects deleted", tenant=str(tenant.tenant), count=len(doomed))


def _work(word: str) -> Work:
    return "files" if word == "files" else "mail"
