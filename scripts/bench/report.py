"""Write down what was measured."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.bench.figure import Figure, Measurement
from scripts.bench.ground import ROOT

PAGE = ROOT / "docs" / "performance.md"


def row(figure: Figure) -> str:
    """Write a figure as a row of the table."""
    return f"| {figure.name} | {figure.wanted} | {figure.value} | {figure.beside} |"


def write(figures: Sequence[Figure], measurements: Mapping[str, Measurement]) -> None:
    """Write the page."""
    missed = [figure.name for figure in figures if not figure.holds]
    lines = [
        "# Performance",
        "",
        "`make bench` measures this and writes this page; nothing here was written by hand. Each figure is taken next",
        "to its floor or peer in the same run, turn by turn, and the ratio is the median of the rounds' ratios. Ratios",
        "hold on other machines too, absolute times do not.",
        "",
        f"Missed in this run: {'; '.join(missed) or 'nothing'}.",
        "",
        "| figure | wanted | measured | ours; floor or peer |",
        "|---|---|---|---|",
        *map(row, figures),
        "",
        "## How it was measured",
        "",
        *(f"- **{name}**: {measurement.how}" for name, measurement in measurements.items()),
        "",
        "## On what",
        "",
        _machine(),
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%B %Y}. {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory,"
        f" {platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}, the embedded"
        f" PostgreSQL. Load average at the end: {os.getloadavg()[1]:.1f}: what exceeds the number of cores"
        " belongs to others on the same machine, who make every figure worse."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
