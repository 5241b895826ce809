"""How much of a mailbox's quota this process may spend: 6,000 units in any minute, whatever its burst."""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

from maildock.domain.errors import Throttled

BURST = 1_500.0
UNITS_A_SECOND = 75.0
LONGEST_WAIT = 5.0
_MOST_KEPT = 10_000


@dataclass
class _Bucket:
    """What is left, `at` a moment of the monotonic clock; below zero it is owed."""

    left: float
    at: float


class Quota:
    """A bucket for each mailbox that fills up steadily."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[UUID, UUID], _Bucket] = {}

    async def spend(self, tenant: UUID, provider_id: UUID, units: int) -> None:
        """Wait until so much may be spent; raises `Throttled` where that takes more than a few seconds."""
        now = time.monotonic()
        if len(self._buckets) >= _MOST_KEPT:
            self._buckets.clear()
        bucket = self._buckets.setdefault((tenant, provider_id), _Bucket(BURST, now))
        left = min(BURST, bucket.left + (now - bucket.at) * UNITS_A_SECOND)
        wait = (units - left) / UNITS_A_SECOND
        if wait > LONGEST_WAIT:
            raise Throttled("this mailbox's share of Gmail's quota is spent for now", wait)
        bucket.left, bucket.at = left - units, now
        if wait > 0:
            await asyncio.sleep(wait)
