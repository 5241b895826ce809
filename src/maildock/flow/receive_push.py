"""Receive a push: write down what a vendor notified us of, before it is answered. What came is fetched later."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from maildock.flow.context import Context
from maildock.providers.microsoft.notifications import Notification, is_ours
from maildock.queue import hint
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers, push_subscriptions
from maildock.tables.email_processed_messages import Announced
from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class Heard:
    """How many notifications quoted a state of ours, and how many did not."""

    taken: int
    refused: int


async def knows(context: Context, tenant: UUID, provider_id: UUID, kind: str) -> bool:
    """Say whether this mailbox is connected."""
    async with context.database.tenant(tenant) as session:
        return await _is_known(session, provider_id, kind)


async def receive_push(
    context: Context, tenant: UUID, provider_id: UUID, kind: str, notifications: Sequence[Notification]
) -> Heard | None:
    """Write down the mails and events of those that quote a state of ours; `None` for a mailbox that we don't know."""
    async with context.database.tenant(tenant) as session:
        if not await _is_known(session, provider_id, kind):
            return None
        states = [row.client_state for row in await push_subscriptions.every(session, provider_id)]
        ours = [notification for notification in notifications if is_ours(notification, states)]
        if ours:
            await _write_down(session, provider_id, ours)
    return Heard(len(ours), len(notifications) - len(ours))


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
