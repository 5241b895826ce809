"""How many connections a tenant may have tried: each makes this machine talk to a vendor, on the word of a form."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from maildock.access.throttle import Patience, Throttle
from maildock.domain.errors import MaildockError

MOST_AT_ONCE = 3
_SOON_SECONDS = 5.0
_IN_A_ROW = Patience(free=10, seconds=15.0, most=60.0)


class TooManyTrials(MaildockError):
    """Too many connections were tried in a short time."""

    def __init__(self, message: str, seconds: float) -> None:
        """Take the seconds after which another may be tried."""
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(f"{message}; send the form again in {self.retry_after} s")


@dataclass(slots=True)
class Trials:
    """Counts the trials of each tenant while the process runs; those that work don't count as one of many."""

    throttle: Throttle = field(default_factory=lambda: Throttle(_IN_A_ROW))
    _under_way: Counter[UUID] = field(default_factory=Counter)

    @contextmanager
    def one(self, tenant: UUID) -> Iterator[Callable[[], None]]:
        """Let a connection be tried in here; gives what to call once it has worked. Raises `TooManyTrials`."""
        key = tenant.hex
        if wait := self.throttle.waits(key):
            raise TooManyTrials("too many connections that did not work were tried in a short time", wait)
        if self._under_way[tenant] >= MOST_AT_ONCE:
            raise TooManyTrials(f"{MOST_AT_ONCE} connections are being tried already", _SOON_SECONDS)
        self.throttle.count(key)
        self._under_way[tenant] += 1
        try:
            yield lambda: self.throttle.take_back(key)
        finally:
            self._under_way[tenant] -= 1
            if not self._under_way[tenant]:
                del self._under_way[tenant]
