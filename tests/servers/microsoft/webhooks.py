"""Calling the subscribers: the handshake, and deliveries with their retries."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.servers.microsoft.replies import GraphError

Item = dict[str, Any]

# "Graph: Notifications … in 10 minutes", and the retries "for up to 4 h".
WINDOW_SECONDS = 600.0
GIVE_UP_SECONDS = 4 * 3600.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Delivery:
    """A POST to a subscriber: `status` 0 means that no answer came; `seconds` is how long it took."""

    url: str
    items: tuple[Item, ...]
    status: int
    seconds: float
    at: float = field(default_factory=time.monotonic)


@dataclass
class Webhooks:
    """The way to the subscribers. `slow_seconds` and `handshake_seconds` are the vendor's; a test may shorten them."""

    handshake_seconds: float = 10.0
    slow_seconds: float = 10.0
    retry_seconds: float = 0.2
    deliveries: list[Delivery] = field(default_factory=list)
    dropped: list[Item] = field(default_factory=list)
    _session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def session(self) -> aiohttp.ClientSession:
        """Give the connections; they trust any certificate, since it is a test's."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=False), timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            )
        return self._session

    async def shake_hands(self, url: str) -> None:
        """Ask whether a URL wants notifications; refuse the subscription if it does not say so.

        "Graph: Subscriptions. Handshake: POST … `?validationToken=…`; answer within 10 s, 200, `text/plain`, the
        URL-decoded token and nothing else".
        """
        token = f"Validation: Testing client application reachability, Request-Id: {uuid.uuid4()} <&+/=%20>"
        try:
            async with asyncio.timeout(self.handshake_seconds):
                answer = await self._shake(url, token)
        except TimeoutError as error:
            raise _refused("the request timed out") from error
        except aiohttp.ClientError as error:
            raise _refused("the endpoint could not be reached") from error
        if answer != (200, "text/plain", token.encode()):
            raise _refused("it must respond with 200 OK, text/plain and the validation token")

    async def _shake(self, url: str, token: str) -> tuple[int, str, bytes]:
        asked = self.session().post(url, params={"validationToken": token}, allow_redirects=False)
        async with asked as response:
            return response.status, response.content_type, await response.read()

    async def deliver(self, url: str, items: Sequence[Item]) -> None:
        """Deliver until it is taken: "Any 2xx counts as delivered; otherwise retries with back-off for up to 4 h"."""
        pause, started = self.retry_seconds, time.monotonic()
        while time.monotonic() - started < GIVE_UP_SECONDS:
            slow = self._share_of_slow(url)
            # "Over 10% of answers slower than 10 s in 10 minutes: delivery is delayed; over 15%: dropped".
            if slow > 0.15:
                self.dropped.extend(items)
                return
            if slow > 0.10:
                await asyncio.sleep(self.slow_seconds)
            if 200 <= await self.post(url, items) < 300:
                return
            await asyncio.sleep(pause)
            pause *= 2

    async def post(self, url: str, items: Sequence[Item]) -> int:
        """Send one POST, and give the status of its answer; 0 without an answer."""
        started = time.monotonic()
        try:
            async with self.session().post(url, json={"value": list(items)}, allow_redirects=False) as response:
                await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        self.deliveries.append(Delivery(url, tuple(items), status, time.monotonic() - started))
        return status

    def _share_of_slow(self, url: str) -> float:
        host, since = urlsplit(url).netloc, time.monotonic() - WINDOW_SECONDS
        recent = [known for known in self.deliveries if known.at > since and urlsplit(known.url).netloc == host]
        slow = sum(known.seconds > self.slow_seconds for known in recent)
        return slow / len(recent) if recent else 0.0


def _refused(why: str) -> GraphError:
    return GraphError(400, "ValidationError", f"Subscription validation request failed: {why}.")
