"""How often what a vendor tells arrives."""

from collections import Counter
from collections.abc import Sequence


class Copies:
    """By turns each notification comes so many times: lost where that is 0. `came` counts how many came how often."""

    def __init__(self) -> None:
        self.turns: Sequence[int] = (1,)
        self.came: Counter[int] = Counter()

    def take(self) -> int:
        """Say how often the next one comes."""
        copies = self.turns[self.came.total() % len(self.turns)]
        self.came[copies] += 1
        return copies
