"""Measure: `python -m scripts.bench [NAME…]`; without names everything, and the result goes into the docs."""

import sys
from typing import TYPE_CHECKING

from scripts.bench import answers, downloads, gmail, graph, memory, pages, parsing, report, small, webhooks, whole
from scripts.bench.ground import ground

if TYPE_CHECKING:
    from scripts.bench.figure import Figure

MEASUREMENTS = {
    "answers": answers.MEASUREMENT,
    "gmail": gmail.MEASUREMENT,
    "graph": graph.MEASUREMENT,
    "parsing": parsing.MEASUREMENT,
    "webhooks": webhooks.MEASUREMENT,
    "whole": whole.MEASUREMENT,
    "memory": memory.MEASUREMENT,
    "small": small.MEASUREMENT,
    "pages": pages.MEASUREMENT,
    "downloads": downloads.MEASUREMENT,
}


def main() -> None:
    """Print every figure as it comes; exit 1 if one misses its bound."""
    names = sys.argv[1:] or list(MEASUREMENTS)
    figures: list[Figure] = []
    with ground() as base:
        for name in names:
            for figure in MEASUREMENTS[name].run(base):
                print(report.row(figure), flush=True)
                figures.append(figure)
    if names == list(MEASUREMENTS):
        report.write(figures, MEASUREMENTS)
    raise SystemExit(not all(figure.holds for figure in figures))


if __name__ == "__main__":
    main()
