"""Check a mailbox: try each step that it needs, for real, one after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

from maildock.domain.errors import MaildockError
from maildock.flow.context import Context
from maildock.providers.base import Mailbox, RemoteProvider, Step
from maildock.queue import Hint, lease
from maildock.tables.email_providers import ProviderRow

_PAUSE = 0.2


async def check_mailbox(context: Context, tenant: UUID, row: ProviderRow) -> AsyncIterator[Step]:
    """Give each step once it was tried. People check one mailbox one at a time: the vendor counts our requests."""
    active = row.status == "active"
    yield Step(
        "active",
        active,
        "mail is taken in" if active else row.status_reason or "paused by an operator",
        None if active else f"{row.status_remedy or 'to go on'}: maildock providers resume {row.provider_id}",
    )
    for step, trial in (("database", context.database.ping), ("storage", context.store.check)):
        try:
            await trial()
        except MaildockError as problem:
            yield Step(step, False, str(problem), "maildock doctor")  # noqa: FBT003 - a step's second fact
        else:
            yield Step(step, True, "works")  # noqa: FBT003
    provider = context.providers[row.kind]
    if not isinstance(provider, RemoteProvider):
        return
    async with AsyncExitStack() as stack:
        await _take_turn(context, stack, Hint(tenant, row.provider_id, "check"))
        async for found in provider.check(Mailbox(tenant, row.provider_id, row.mailbox, row.since)):
            yield found


async def _take_turn(context: Context, stack: AsyncExitStack, on: Hint) -> None:
    # Whoever holds it may be another process.
    while await stack.enter_async_context(lease(context.database, on, context.claim_seconds)) is None:  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE)
