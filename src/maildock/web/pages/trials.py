"""How many connections a tenant may have tried: each makes this machine talk to a vendor, on the word of a form."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from maildock.domain.errors import MaildockError

MOST_AT_ONCE = 3
MOST_A_MINUTE = 10
_MINUTE = 60.0
_SOON_SECONDS = 5.0


class TooManyTrials(MaildockError):
    """Too many connections were tried in a short time."""

    def __init__(self, message: str, seconds: float) -> None:
        """Take the seconds after which another may be tried."""
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(f"{message}; send the form again in {self.retry_after} s")


@dataclass(slots=True)
class Trials:
    """Counts the trials of each tenant while the process runs."""

    clock: Callable[[], float] = time.monotonic
    _begun: dict[UUID, deque[float]] = field(default_factory=dict)
    _under_way: Counter[UUID] = field(default_factory=Counter)

    @contextmanager
    def one(self, tenant: UUID) -> Iterator[None]:
        """Let a connection be tried in here. Raises `TooManyTrials`."""
        now = self.clock()
        begun = self._begun.setdefault(tenant, deque(maxlen=MOST_A_MINUTE))
        if len(begun) == MOST_A_MINUTE and now - begun[0] < _MINUTE:
            wait = _MINUTE - (now - begun[0])
            raise TooManyTrials(f"{MOST_A_MINUTE} connections were tried within the last minute", wait)
        if self._under_way[tenant] >= MOST_AT_ONCE:
            raise TooManyTrials(f"{MOST_AT_ONCE} connections are being tried already", _SOON_SECONDS)
        begun.append(now)
        self._under_way[tenant] += 1
        try:
            yield
        finally:
            self._under_way[tenant] -= 1
