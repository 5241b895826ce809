"""What one application may ask of one mailbox ("Graph: Throttling")."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.microsoft.replies import GraphError

AT_ONCE = 4
WINDOW_SECONDS = 600


@dataclass
class Traffic:
    """One application's requests to one mailbox: `peak` is the most at once that was tried, refused ones included."""

    now: int = 0
    peak: int = 0
    refused: int = 0
    times: deque[float] = field(default_factory=deque)


class Throttle:
    """The limits: 4 requests at once, and 10,000 in 10 minutes, per application and mailbox."""

    def __init__(self) -> None:
        self.window_requests = 10_000
        self.retry_after: int | None = 1
        self._traffic: dict[tuple[str, str], Traffic] = {}

    def traffic(self, client_id: str, address: str) -> Traffic:
        """Give what was counted."""
        return self._traffic.setdefault((client_id, address), Traffic())

    @contextmanager
    def entered(self, client_id: str, address: str) -> Iterator[None]:
        """Count a request in while it lasts; 429 if there are too many."""
        traffic = self.traffic(client_id, address)
        traffic.now += 1
        traffic.peak = max(traffic.peak, traffic.now)
        try:
            self._check(traffic)
            yield
        finally:
            traffic.now -= 1

    def _check(self, traffic: Traffic) -> None:
        if traffic.now > AT_ONCE:
            raise self._throttled(traffic, "MailboxConcurrency")
        moment = time.monotonic()
        while traffic.times and traffic.times[0] < moment - WINDOW_SECONDS:
            traffic.times.popleft()
        if len(traffic.times) >= self.window_requests:
            raise self._throttled(traffic, "MailboxRequests")
        traffic.times.append(moment)

    def _throttled(self, traffic: Traffic, limit: str) -> GraphError:
        traffic.refused += 1
        # "`Retry-After` usually there, sometimes absent": every fourth refusal lacks it.
        given = self.retry_after is not None and traffic.refused % 4 != 0
        headers = {"Retry-After": str(self.retry_after)} if given else {}
        return throttled(headers, limit)


def throttled(headers: dict[str, str], limit: str = "MailboxConcurrency") -> GraphError:
    """Make the vendor's 429."""
    return GraphError(429, "ApplicationThrottled", f"Application is over its {limit} limit.", headers)
