"""A measured figure, and what it is held against."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in `unit`; good if at most, or at least, `bound`."""

    name: str
    measured: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    def __str__(self) -> str:
        """Write the line of the report."""
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:g}"
        return f"{'ok  ' if self.holds else 'MISS'} {self.name}: {self.measured:.2f} {self.unit}, wanted {bound}"


def interleaved(*works: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Time each work in turn, `rounds` times over, and give the median of each in seconds."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for times, work in zip(taken, works, strict=True):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]
