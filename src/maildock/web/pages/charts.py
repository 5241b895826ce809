"""Bar charts as plain geometry, which a template writes as SVG: no script, no library, no inline style.

The unit is a hundredth of the height; a bar's room is ten wide. Text stays outside, where it keeps its size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEIGHT = 100.0
_ROOM, _GAP = 10.0, 1.2
_NICE = (12, 16, 20, 30, 40, 50, 60, 80, 100)  # tenths
_KIBI = 1024


@dataclass(frozen=True, slots=True)
class Series:
    """One of the things that are stacked in each bar: its name, and the tone that paints it."""

    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class Step:
    """One bar to be: what it is called, where it leads, and a value for each series."""

    label: str
    href: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A painted rectangle."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: where its room begins, and what is stacked in it from below."""

    step: Step
    x: float
    boxes: tuple[Box, ...]

    @property
    def total(self) -> int:
        """The sum of its values."""
        return sum(self.step.values)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; `top` is the value that the full height stands for, `write` writes values for people."""

    name: str
    title: str
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[str, ...]
    top: int
    write: Callable[[int], str]

    @property
    def width(self) -> float:
        """The width of all bars."""
        return len(self.bars) * _ROOM

    @property
    def total(self) -> int:
        """The sum of all values."""
        return sum(bar.total for bar in self.bars)

    @property
    def summary(self) -> str:
        """The chart in a sentence, for those who do not see it."""
        most = max(self.bars, key=lambda bar: bar.total)
        if not most.total:
            return "Nothing came in."
        return f"{self.write(self.total)} in all; the most, {self.write(most.total)}, at {most.step.label}."


def chart(
    name: str,
    title: str,
    series: Sequence[Series],
    steps: Sequence[Step],
    ticks: Sequence[str],
    write: Callable[[int], str] = str,
    base: int = 10,
) -> Chart:
    """Stack each step's values; `base` is 10 for counts, 1024 for bytes."""
    top = ceiling(max((sum(step.values) for step in steps), default=0), base)
    bars = tuple(_bar(step, number * _ROOM, series, top) for number, step in enumerate(steps))
    return Chart(name, title, tuple(series), bars, tuple(ticks), top, write)


def ceiling(most: int, base: int = 10) -> int:
    """Give a round number that is not below `most`, and whose half is round as well."""
    unit = 1
    while most > unit * base:
        unit *= base
    if base == _KIBI:
        return next(unit << power for power in range(1, 11) if unit << power >= most)
    return next(top for top in (step * unit // 10 for step in _NICE) if top >= most and top % 2 == 0)


def shares(counts: Sequence[tuple[int, str]]) -> list[Box]:
    """Lay counts out beside each other, over a width of a thousand."""
    whole = sum(count for count, _ in counts)
    boxes: list[Box] = []
    at = 0.0
    for count, tone in counts:
        width = 1000 * count / whole if whole else 0
        if count:
            boxes.append(Box(at, 0, width, HEIGHT, tone))
        at += width
    return boxes


def _bar(step: Step, x: float, series: Sequence[Series], top: int) -> Bar:
    boxes: list[Box] = []
    base = HEIGHT
    for value, kind in zip(step.values, series, strict=True):
        height = round(HEIGHT * value / top, 3)
        base -= height
        if value:
            boxes.append(Box(x + _GAP, round(base, 3), _ROOM - 2 * _GAP, height, kind.tone))
    return Bar(step, x, tuple(boxes))
