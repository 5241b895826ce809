"""Telling a topic's subscribers that a mailbox has changed, as unreliably as Google does ("Gmail: Push")."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from tests.servers.copies import Copies
from tests.servers.google.jwt import Algorithm, base64url, rsa_key, sign
from tests.servers.google.keys import SigningKeys
from tests.servers.google.mailbox import GmailMailbox, Record
from tests.servers.replies import rfc3339

TOPIC = "projects/maildock-test/topics/gmail"
ISSUER = "https://accounts.google.com"
GIVE_UP_SECONDS = 7 * 24 * 3600.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class PushSubscription:
    """Where a topic's messages are posted, and what their tokens say."""

    endpoint: str
    audience: str
    email: str = "push@maildock-test.iam.gserviceaccount.com"
    topic: str = TOPIC
    name: str = "projects/maildock-test/subscriptions/maildock"


@dataclass(frozen=True)
class Delivery:
    """A POST to a subscriber: `status` 0 means that no answer came."""

    endpoint: str
    body: dict[str, Any]
    status: int


@dataclass(frozen=True)
class Forgery:
    """What is wrong with a push: `claims` are put over the right ones (None takes one out), and so on.

    `stranger`: signed with a key that nobody shows. `bearer` stands in for the whole token; empty for no header.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: Algorithm = "RS256"
    stranger: bool = False
    key_id: str | None = None
    bearer: str | None = None


RIGHT = Forgery()


class Push:
    """The pushes of a server.

    `silent`: they get lost. `copies`: how often each comes. `late_seconds`: how long each takes. "At most one event a
    second and user, the rest dropped": `least_seconds` between two, and `dropped` counts.
    """

    def __init__(self, keys: SigningKeys, now: Callable[[], datetime]) -> None:
        self.topics = {TOPIC}
        self.subscriptions: list[PushSubscription] = []
        self.silent = False
        self.copies = Copies()
        self.late_seconds = 0.0
        self.least_seconds = 1.0
        self.retry_seconds = 0.2
        self.dropped = 0
        self.deliveries: list[Delivery] = []
        self._keys = keys
        self._now = now
        self._last: dict[str, float] = {}
        self._ids = itertools.count(12_345_678_901_234)
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def subscribe(self, endpoint: str, audience: str = "", **named: str) -> PushSubscription:
        """Let a topic be pushed to an endpoint; the audience is the endpoint unless it is another."""
        subscription = PushSubscription(endpoint, audience or endpoint, **named)
        self.subscriptions.append(subscription)
        return subscription

    def happened(self, mailbox: GmailMailbox, record: Record) -> None:
        """Announce a change, if somebody watches such messages."""
        watch = mailbox.watched()
        if watch is not None and watch.wants(record.labels):
            self.announce(mailbox, watch.topic)

    def announce(self, mailbox: GmailMailbox, topic: str, *, always: bool = False) -> None:
        """Announce that a mailbox has changed."""
        moment = time.monotonic()
        if not always and moment - self._last.get(mailbox.address, -self.least_seconds) < self.least_seconds:
            self.dropped += 1
            return
        self._last[mailbox.address] = moment
        if not self.silent:
            for subscription in self.subscriptions:
                if subscription.topic == topic:
                    self._start(self._deliver(subscription, self.body(subscription, mailbox)))

    def body(self, subscription: PushSubscription, mailbox: GmailMailbox) -> dict[str, Any]:
        """Write a push: the number of its history is text or a number, its base64 padded or not, by turns."""
        number = next(self._ids)
        history = mailbox.history_id if number % 2 else str(mailbox.history_id)
        written = json.dumps({"emailAddress": mailbox.address, "historyId": history}).encode()
        data = base64url(written) if number // 2 % 2 else base64.urlsafe_b64encode(written).decode()
        published = rfc3339(self._now())
        message = {"data": data, "messageId": str(number), "message_id": str(number)}
        message |= {"publishTime": published, "publish_time": published}
        return {"message": message, "subscription": subscription.name}

    async def send(
        self,
        subscription: PushSubscription,
        mailbox: GmailMailbox,
        forgery: Forgery = RIGHT,
        body: dict[str, Any] | None = None,
    ) -> int:
        """Send one push, right or forged, once; gives the status of the answer."""
        return await self._post(subscription, body or self.body(subscription, mailbox), forgery)

    async def settled(self) -> None:
        """Wait until everything has been taken."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Stop delivering."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def token(self, subscription: PushSubscription, forgery: Forgery = RIGHT) -> str:
        """Write the token of a push."""
        key_id, key = self._keys.current()
        if forgery.stranger:
            key = rsa_key("stranger")
        now = int(self._now().timestamp())
        claims: dict[str, Any] = {
            "aud": subscription.audience,
            "azp": "113774264463038321964",
            "email": subscription.email,
            "email_verified": True,
            "exp": now + 3600,
            "iat": now,
            "iss": ISSUER,
            "sub": "113774264463038321964",
        } | forgery.claims
        told = {name: value for name, value in claims.items() if value is not None}
        return sign(told, key, forgery.key_id or key_id, forgery.algorithm)

    async def _deliver(self, subscription: PushSubscription, body: dict[str, Any]) -> None:
        await asyncio.sleep(self.late_seconds)
        for _ in range(self.copies.take()):
            pause, started = self.retry_seconds, time.monotonic()
            while not 200 <= await self._post(subscription, body, RIGHT) < 300:
                if time.monotonic() - started > GIVE_UP_SECONDS:
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, 600)

    async def _post(self, subscription: PushSubscription, body: dict[str, Any], forgery: Forgery) -> int:
        bearer = self.token(subscription, forgery) if forgery.bearer is None else forgery.bearer
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        if self._session is None:
            # Any certificate is trusted, since it is a test's.
            connector, limit = aiohttp.TCPConnector(ssl=False), aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector, timeout=limit)
        asked = self._session.post(subscription.endpoint, json=body, headers=headers, allow_redirects=False)
        try:
            async with asked as response:
                await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        self.deliveries.append(Delivery(subscription.endpoint, body, status))
        return status

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
