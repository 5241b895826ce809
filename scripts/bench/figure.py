"""A measured figure, and what it is held against."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.bench.ground import Ground

ROUNDS = 5
TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in `unit`; good if at most, or at least, `bound`, where there is one."""

    name: str
    measured: float
    unit: str
    bound: float | None = None
    at_least: bool = False
    beside: str = ""

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        if self.bound is None:
            return True
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    @property
    def wanted(self) -> str:
        """The bound in words."""
        return "-" if self.bound is None else f"{'≥' if self.at_least else '≤'} {self.bound:g} {self.unit}"

    @property
    def value(self) -> str:
        """The measured value in words; a miss says so."""
        return f"{self.measured:.3g} {self.unit}" + ("" if self.holds else ", **missed**")


@dataclass(frozen=True, slots=True)
class Measurement:
    """Gives its figures when it is run; `how` says for a reader how they come about."""

    how: str
    run: Callable[[Ground], Iterator[Figure]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """What two sides took in the same rounds."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def times(self) -> float:
        """The median over the rounds of ours divided by theirs."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))

    @property
    def share(self) -> float:
        """The median over the rounds of theirs divided by ours."""
        return statistics.median(theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True))

    def beside(self, peer: str, unit: str = "s", scale: float = 1) -> str:
        """Both medians in words."""
        ours, theirs = (statistics.median(side) * scale for side in (self.ours, self.theirs))
        return f"{ours:.3g} {unit}; {peer}: {theirs:.3g} {unit}"


def interleaved(ours: Callable[[], float], theirs: Callable[[], float], rounds: int = ROUNDS) -> Pairs:
    """Let both sides work in turn, `rounds` times over; each says what it took."""
    taken = [(ours(), theirs()) for _ in range(rounds)]
    return Pairs(tuple(pair[0] for pair in taken), tuple(pair[1] for pair in taken))
