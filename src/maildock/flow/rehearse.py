"""Rehearse: try a mailbox's connection before it is written down, the first step that fails being the last."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID, uuid4

from maildock.access.sealing import Sealed
from maildock.domain.errors import UsageError
from maildock.flow.check_mailbox import NOT_NOW, check_house, take_turn
from maildock.flow.connect import NewMailbox, refuse_known
from maildock.flow.context import Context
from maildock.providers.base import Mailbox, Step
from maildock.queue import Hint
from maildock.tables import mailbox_connections
from maildock.tables.email_providers import ProviderRow
from maildock.tables.mailbox_connections import ConnectionRow


async def rehearse_new(context: Context, tenant: UUID, new: NewMailbox) -> AsyncIterator[Step]:
    """Try what can be tried before a mailbox is connected; raises `UsageError` where it is so already."""
    async with context.database.tenant(tenant) as session:
        await refuse_known(session, new)
    mailbox = Mailbox(tenant, uuid4(), new.address, new.since or datetime.now(UTC))
    async for step in _rehearse(context, new.kind, mailbox, new.settings, new.secret):
        yield step


async def rehearse_secret(context: Context, tenant: UUID, row: ProviderRow, secret: str) -> AsyncIterator[Step]:
    """Try other credentials for a mailbox that is connected."""
    known = await _known(context, tenant, row)
    async for step in _in_turn(context, tenant, row, known.settings, secret):
        yield step


async def rehearse_settings(context: Context, tenant: UUID, row: ProviderRow, settings: str) -> AsyncIterator[Step]:
    """Try other settings for a mailbox that is connected, with the credentials that it has."""
    known = await _known(context, tenant, row)
    try:
        secret = context.sealer.open(tenant, row.provider_id, known.sealed)
    except Sealed as problem:
        raise UsageError("its credentials cannot be opened; give it new credentials first") from problem
    async for step in _in_turn(context, tenant, row, settings, secret):
        yield step


async def _known(context: Context, tenant: UUID, row: ProviderRow) -> ConnectionRow:
    async with context.database.tenant(tenant) as session:
        known = await mailbox_connections.get(session, row.provider_id)
    if known is None:
        raise UsageError("this provider has no credentials")
    return known


async def _in_turn(context: Context, tenant: UUID, row: ProviderRow, settings: str, secret: str) -> AsyncIterator[Step]:
    mailbox = Mailbox(tenant, row.provider_id, row.mailbox, row.since)
    async with AsyncExitStack() as stack:
        if not await take_turn(context, stack, Hint(tenant, row.provider_id, "check"), patient=False):
            yield NOT_NOW
            return
        async for step in _rehearse(context, row.kind, mailbox, settings, secret):
            yield step


async def _rehearse(context: Context, kind: str, mailbox: Mailbox, settings: str, secret: str) -> AsyncIterator[Step]:
    async for step in check_house(context):
        yield step
        if not step.ok:
            return
    async for step in context.remote(kind).rehearse(mailbox, settings, secret):
        yield step
