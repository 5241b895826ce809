"""Telling subscribers what happened, as unreliably as Graph does."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import uuid
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any, Literal

from tests.servers.copies import Copies
from tests.servers.microsoft.mailbox import GraphMailbox, GraphMessage
from tests.servers.microsoft.subscriptions import Subscription, Subscriptions
from tests.servers.microsoft.webhooks import Item, Webhooks
from tests.servers.replies import rfc3339

Event = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]
# "Graph: Notifications. The casing of `resource` varies".
SPELLINGS = (
    "Users/{user}/Messages/{message}",
    "users/{user}/messages/{message}",
    "Users('{user}')/Messages('{message}')",
)


class Push:
    """The notifications of a server.

    `silent`: they get lost. `copies`: how often each batch comes. `mixed`: an item with a wrong `clientState` comes
    with each batch. `early`: one comes before the 201 of its subscription. `batch_seconds`: how long
    items are gathered for one POST.
    """

    def __init__(self, subscriptions: Subscriptions, webhooks: Webhooks, directory_id: str) -> None:
        self.silent = False
        self.copies = Copies()
        self.mixed = False
        self.early = False
        self.batch_seconds = 0.02
        self._subscriptions = subscriptions
        self._webhooks = webhooks
        self._directory_id = directory_id
        self._spellings = itertools.cycle(SPELLINGS)
        self._waiting: dict[str, list[Item]] = defaultdict(list)
        self._tasks: set[asyncio.Task[None]] = set()

    def arrived(self, mailbox: GraphMailbox, message: GraphMessage) -> None:
        """Announce a message that entered its folder, to everybody who watches that."""
        for subscription in self._subscriptions.active():
            watched = subscription.mailbox is mailbox and subscription.folder in {None, message.folder}
            if watched and "created" in subscription.asked["changeType"] and not self.silent:
                self._announce(subscription.notification_url, self.item(subscription, message))

    def item(self, subscription: Subscription, message: GraphMessage, client_state: str | None = None) -> Item:
        """Write a notification; with another `client_state` it is a forged one."""
        message_id = message.ids.of(immutable=subscription.immutable)
        resource = next(self._spellings).format(user=subscription.mailbox.user_id, message=message_id)
        item = self._about(subscription, resource, client_state)
        data = {"@odata.type": "#Microsoft.Graph.Message", "@odata.id": resource, "id": message_id}
        item |= {"changeType": "created", "resourceData": data | {"@odata.etag": f'W/"CQAAA{message.version}"'}}
        # "Graph: Notifications. {"value":[{"id"?, …": sometimes there is one.
        return item | ({"id": str(uuid.uuid4())} if secrets.randbits(1) else {})

    async def send(self, url: str, *items: Item) -> int:
        """Send exactly these items in one POST, once; gives the status of the answer."""
        return await self._webhooks.post(url, items)

    async def before_created(self, subscription: Subscription) -> None:
        """Announce the newest message of a subscription that its maker does not know yet.

        "Graph: A notification can come before the 201 of its subscription".
        """
        newest = next(subscription.mailbox.within(subscription.folder), None)
        if self.early and newest is not None:
            await self.send(subscription.notification_url, self.item(subscription, newest))

    async def lifecycle(self, event: Event) -> None:
        """Tell every subscription's lifecycle URL ("Graph: Lifecycle"); a removed subscription is gone."""
        for subscription in self._subscriptions.active():
            if subscription.lifecycle_url:
                item = self._about(subscription, str(subscription.asked["resource"]), None)
                item |= {"lifecycleEvent": event, "organizationId": self._directory_id}
                self._start(self._webhooks.deliver(subscription.lifecycle_url, [item]))
            if event == "subscriptionRemoved":
                self._subscriptions.end(subscription)
        await self.settled()

    async def settled(self) -> None:
        """Wait until everything has been delivered or dropped."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Stop delivering."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _about(self, subscription: Subscription, resource: str, client_state: str | None) -> Item:
        own: Any = subscription.asked.get("clientState")
        return {
            "subscriptionId": subscription.subscription_id,
            "subscriptionExpirationDateTime": rfc3339(subscription.expires_at),
            "clientState": own if client_state is None else client_state,
            "resource": resource,
            "tenantId": self._directory_id,
        }

    def _announce(self, url: str, item: Item) -> None:
        if not self._waiting[url]:
            self._start(self._flush(url))
        self._waiting[url].append(item)

    async def _flush(self, url: str) -> None:
        await asyncio.sleep(self.batch_seconds)
        items = self._waiting.pop(url)
        # "Graph: A batch may mix right and wrong items".
        if self.mixed:
            items.insert(0, items[0] | {"clientState": "somebody else's"})
        for _ in range(self.copies.take()):
            await self._webhooks.deliver(url, items)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
