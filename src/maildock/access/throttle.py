"""Count failures in memory and say how long to wait: for what has no row to count in.

A name that nobody has must be refused exactly like one that exists, or the refusal tells which names exist.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free; then the wait doubles from `seconds` up to `most` seconds."""

    free: int
    seconds: float
    most: float

    def wait(self, failures: int) -> float:
        """Give the seconds to wait after this many failures in a row."""
        if failures < self.free:
            return 0.0
        return float(min(self.seconds * 2.0 ** min(failures - self.free, 30), self.most))


@dataclass(slots=True)
class _Record:
    failures: int = 0
    until: float = 0.0


class Throttle:
    """Remembers the last `room` keys that failed; a key is forgotten once it has been quiet for long enough."""

    def __init__(self, patience: Patience, room: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._room = room
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def waits(self, key: str) -> float:
        """Give the seconds that `key` has to wait still, 0 when it may try."""
        record = self._records.get(key)
        return max(record.until - self._clock(), 0.0) if record else 0.0

    def count(self, key: str) -> None:
        """Count an attempt before its outcome is known."""
        now = self._clock()
        record = self._records.pop(key, None)
        if record is None or now > record.until + self._patience.most:
            record = _Record()
        record.failures += 1
        record.until = now + self._patience.wait(record.failures)
        self._records[key] = record
        while len(self._records) > self._room:
            self._records.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Take one attempt of `key` back, with the wait that it made: it was no failure."""
        record = self._records.get(key)
        if record and record.failures > 0:
            record.failures -= 1
            record.until = min(record.until, self._clock())
