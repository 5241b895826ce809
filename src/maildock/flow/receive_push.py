"""Receive a push: write down what a vendor notified us of, before it is answered. What came is fetched later.

What comes for a mailbox while a transaction commits is written by the next one, together: a burst costs a few commits,
and nobody waits for more than is under way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from maildock.flow.context import Context
from maildock.providers.base import Mailbox
from maildock.providers.microsoft.notifications import Notification, is_ours
from maildock.queue import hint
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers, push_subscriptions
from maildock.tables.email_processed_messages import Announced
from maildock.tables.session import TenantSession

MOST_TOGETHER = 64

_Key = tuple[UUID, UUID, str]


@dataclass(frozen=True, slots=True)
class Heard:
    """How many notifications quoted a state of ours, and how many did not."""

    taken: int
    refused: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    notifications: Sequence[Notification]
    answer: "asyncio.Future[Heard | None]"


class PushReceiver:
    """Takes the pushes that come to one process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[_Key, list[_Waiting]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def receive(
        self, tenant: UUID, provider_id: UUID, kind: str, notifications: Sequence[Notification]
    ) -> Heard | None:
        """Write down mails and events of those that quote a state of ours; `None` for a mailbox that is not known."""
        answer: asyncio.Future[Heard | None] = asyncio.get_running_loop().create_future()
        key = (tenant, provider_id, kind)
        first = key not in self._waiting
        self._waiting.setdefault(key, []).append(_Waiting(notifications, answer))
        if first:
            task = asyncio.create_task(self._write(key))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        return await answer

    async def _write(self, key: _Key) -> None:
        while waiting := self._waiting[key]:
            group, self._waiting[key] = waiting[:MOST_TOGETHER], waiting[MOST_TOGETHER:]
            answers = await asyncio.gather(self._written(key, group), return_exceptions=True)
            for one, heard in zip(group, _each(answers[0], len(group)), strict=True):
                if one.answer.done():  # whoever asked has left
                    continue
                if isinstance(heard, BaseException):
                    one.answer.set_exception(heard)
                else:
                    one.answer.set_result(heard)
        del self._waiting[key]

    async def _written(self, key: _Key, group: Sequence[_Waiting]) -> list[Heard | None]:
        tenant, provider_id, kind = key
        async with self._context.database.tenant(tenant) as session:
            if not await _is_known(session, provider_id, kind):
                return [None] * len(group)
            states = await push_subscriptions.states(session, provider_id)
            ours = [[found for found in one.notifications if is_ours(found, states)] for one in group]
            if any(ours):
                await _write_down(session, provider_id, [found for taken in ours for found in taken])
        return [Heard(len(taken), len(one.notifications) - len(taken)) for one, taken in zip(group, ours, strict=True)]


def _each(outcome: list[Heard | None] | BaseException, count: int) -> Sequence[Heard | BaseException | None]:
    return [outcome] * count if isinstance(outcome, BaseException) else outcome


async def mailbox_of(context: Context, tenant: UUID, provider_id: UUID, kind: str) -> Mailbox | None:
    """Give a connected mailbox, `None` for one that is not known."""
    async with context.database.tenant(tenant) as session:
        row = await email_providers.get(session, provider_id)
    return Mailbox(tenant, provider_id, row.mailbox, row.since) if row and row.kind == kind else None


async def receive_nudge(context: Context, mailbox: Mailbox) -> None:
    """Mark a mailbox as due, whose vendor says only that something has changed there."""
    async with context.database.tenant(mailbox.tenant) as session:
        await email_providers.poll_now(session, mailbox.provider_id, pushed=True)
        await hint(session, mailbox.provider_id, "mail")


async def _is_known(session: TenantSession, provider_id: UUID, kind: str) -> bool:
    row = await email_providers.get(session, provider_id)
    return row is not None and row.kind == kind


async def _write_down(session: TenantSession, provider_id: UUID, ours: Sequence[Notification]) -> None:
    mails = dict.fromkeys(one.email_id for one in ours if one.email_id and not one.lifecycle_event)
    if mails:
        announced = [Announced(email_id, None, ignored=False) for email_id in mails]
        await messages.receive_all(session, provider_id, announced)
    await email_providers.note_push(session, provider_id)
    events = {one.lifecycle_event: one.client_state for one in ours if one.lifecycle_event}
    if "subscriptionRemoved" in events:
        await push_subscriptions.end(session, provider_id, events["subscriptionRemoved"])
    if "reauthorizationRequired" in events:
        await push_subscriptions.renew_now(session, provider_id, events["reauthorizationRequired"])
    if events.keys() & {"subscriptionRemoved", "reauthorizationRequired"}:
        await email_providers.watch_now(session, provider_id)
    if events.keys() & {"subscriptionRemoved", "missed"}:
        await email_providers.poll_now(session, provider_id)
    await hint(session, provider_id, "mail")
