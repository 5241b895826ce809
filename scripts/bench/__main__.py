"""Measure: `python -m scripts.bench [NAME…]`."""

import contextlib
import os
import sys
from pathlib import Path

from maildock.cli import logs
from scripts.bench import large, small
from scripts.bench.house import ground

MEASUREMENTS = {"small": small.flow, "whole": large.whole_way, "parsing": large.parsing}


def main() -> None:
    """Print a line for every figure; exit 1 if one misses its bound."""
    names = sys.argv[1:] or list(MEASUREMENTS)
    missed = False
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, ground() as base:
        # Logs cost what they cost in service, and are not shown.
        with contextlib.redirect_stderr(nowhere):
            logs.configure("json")
        for name in names:
            for figure in MEASUREMENTS[name](base):
                print(figure, flush=True)
                missed |= not figure.holds
    raise SystemExit(missed)


if __name__ == "__main__":
    main()
