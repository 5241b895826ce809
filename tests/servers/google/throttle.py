"""What may be asked of one mailbox ("Gmail: Limits")."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.google.faults import refused

WINDOW_SECONDS = 60.0
# "get 20, attachments.get 20, list 5, history 2, watch 100"; the rest is from the vendor's table.
UNITS = {
    "messages.get": 20,
    "attachments.get": 20,
    "messages.list": 5,
    "history.list": 2,
    "watch": 100,
    "stop": 50,
    "labels": 1,
    "profile": 1,
}


@dataclass
class Traffic:
    """The requests to one mailbox: `peak` at once, refused ones included; `units` in all, `peak_units` in a minute."""

    now: int = 0
    peak: int = 0
    refused: int = 0
    units: int = 0
    peak_units: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    spent: deque[tuple[float, int]] = field(default_factory=deque)


class Throttle:
    """The limits: quota units a minute, by user and for the project, and requests at once by user."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.user_units = 6_000
        self.project_units = 1_200_000
        self.at_once = 10
        self.retry_after: int | None = None
        self._clock = clock
        self._traffic: dict[str, Traffic] = {}

    def traffic(self, address: str) -> Traffic:
        """Give what was counted."""
        return self._traffic.setdefault(address, Traffic())

    @contextmanager
    def entered(self, address: str, call: str) -> Iterator[None]:
        """Count a request in while it lasts; refuse it if there are too many."""
        traffic = self.traffic(address)
        traffic.now += 1
        traffic.peak = max(traffic.peak, traffic.now)
        try:
            self._check(traffic, call)
            yield
        finally:
            traffic.now -= 1

    def _check(self, traffic: Traffic, call: str) -> None:
        if traffic.now > self.at_once:
            raise self._throttled(traffic, "throttled")
        units = UNITS.get(call, 1)
        mine, whole = self._minute(traffic), sum(self._minute(known) for known in self._traffic.values())
        if mine + units > self.user_units:
            raise self._throttled(traffic, "user_rate")
        if whole + units > self.project_units:
            raise self._throttled(traffic, "rate")
        traffic.spent.append((self._clock(), units))
        traffic.units += units
        traffic.peak_units = max(traffic.peak_units, mine + units)
        traffic.calls[call] += 1

    def _minute(self, traffic: Traffic) -> int:
        since = self._clock() - WINDOW_SECONDS
        while traffic.spent and traffic.spent[0][0] < since:
            traffic.spent.popleft()
        return sum(units for _, units in traffic.spent)

    def _throttled(self, traffic: Traffic, kind: str) -> Exception:
        traffic.refused += 1
        return refused(kind, {} if self.retry_after is None else {"Retry-After": str(self.retry_after)})
