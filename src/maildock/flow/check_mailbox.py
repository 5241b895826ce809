"""Check a mailbox: try each step that it needs, for real, one after the other."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID

from maildock.domain.errors import MaildockError
from maildock.flow.context import Context
from maildock.flow.health import way_to_resume
from maildock.providers.base import Mailbox, RemoteProvider, Step
from maildock.queue import Hint, hint, lease
from maildock.tables import email_providers, push_subscriptions
from maildock.tables.email_providers import ProviderRow

NOT_NOW = Step("turn", ok=False, detail="this mailbox is being checked already", remedy="wait for that check")
_PAUSE = 0.2


async def check_mailbox(
    context: Context, tenant: UUID, row: ProviderRow, *, patient: bool = True
) -> AsyncGenerator[Step, None]:
    """Give each step once it was tried. People check one mailbox one at a time: the vendor counts our requests.

    The patient wait until it is their turn; others are told that it is not.
    """
    active = row.status == "active"
    yield Step(
        "active",
        active,
        "mail is taken in" if active else row.status_reason or "paused by an operator",
        None if active else way_to_resume(row),
    )
    async for found in check_house(context):
        yield found
    provider = context.providers[row.kind]
    if not isinstance(provider, RemoteProvider):
        return
    mailbox = Mailbox(tenant, row.provider_id, row.mailbox, row.since)
    async with AsyncExitStack() as stack:
        if not await take_turn(context, stack, Hint(tenant, row.provider_id, "check"), patient=patient):
            yield NOT_NOW
            return
        async for found in provider.check(mailbox):
            if found.step == "push":
                await _look_again(context, mailbox, works=found.ok)
            yield found
    yield await _last_push(context, provider, mailbox)


async def check_house(context: Context) -> AsyncIterator[Step]:
    """Try what every mailbox needs here."""
    for step, trial in (("database", context.database.ping), ("storage", context.store.check)):
        try:
            await trial()
        except MaildockError as problem:
            yield Step(step, False, str(problem), "maildock doctor")  # noqa: FBT003 - a step's second fact
        else:
            yield Step(step, True, "works")  # noqa: FBT003


async def _look_again(context: Context, mailbox: Mailbox, *, works: bool) -> None:
    """Have a running service look after the notifications now, unless its last word on them and the check's are good.

    So the mailbox's health says within moments what the check says.
    """
    async with context.database.tenant(mailbox.tenant) as session:
        row = await email_providers.get(session, mailbox.provider_id)
        if row is not None and not (works and row.watch_error is None):
            await email_providers.watch_now(session, mailbox.provider_id)
            await hint(session, mailbox.provider_id, "mail")


async def _last_push(context: Context, provider: RemoteProvider, mailbox: Mailbox) -> Step:
    """Say when a push was last accepted; that none was yet is no failure: perhaps no mail came."""
    async with context.database.tenant(mailbox.tenant) as session:
        row = await email_providers.get(session, mailbox.provider_id)
        expected = await push_subscriptions.every(session, mailbox.provider_id)
    if row is not None and row.last_push_at is not None:
        return Step("last_push", ok=True, detail=f"a push was last accepted at {_written(row.last_push_at)}")
    detail = "no push was ever accepted" + (
        f", since the mailbox was connected at {_written(row.created_at)}" if row else ""
    )
    now = datetime.now(UTC)
    is_expected = any(one.expires_at is not None and one.expires_at > now for one in expected)
    return Step("last_push", ok=True, detail=detail, remedy=provider.way_of_pushes(mailbox) if is_expected else None)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


async def take_turn(context: Context, stack: AsyncExitStack, on: Hint, *, patient: bool) -> bool:
    """Take the one turn to check a mailbox until the stack closes; the impatient are told that they have it not."""
    # Whoever holds it may be another process.
    while await stack.enter_async_context(lease(context.database, on, context.claim_seconds)) is None:
        if not patient:
            return False
        await asyncio.sleep(_PAUSE)
    return True
