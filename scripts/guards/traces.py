"""What is tracked holds for everyone: no package registry, no path of one machine, no number of one tracker."""

import re
from pathlib import Path

from scripts.guards import tracked

TRACES = {
    "names a package registry": r"(?i)\b(?:(?:test\.)?pypi\.(?:python\.)?org|pythonhosted\.org|registry\.npmjs\.org"
    r"|crates\.io|deb\.debian\.org|proxy\.golang\.org)\b",
    "names a package index": r"(?i)(?:^|\s)--(?:extra-)?index-url\b|(?:^|\s)--(?:default-)?index[ =]",
    "names a path of one machine": r"(?:^|[^\w.])/(?:work/(?:main|shared|\.library)|root/|home/\w+/"
    r"|opt/(?:wheels|pypi)|tmp/brief)",
    "speaks of a tracker's entry": r"(?i)\b(?:issue|ticket|bug|pr|pull request|fix(?:e[sd])?|close[sd]?|see|refs?)"
    r" #\d+|\bgh-\d+|/(?:issues|pull)/\d+",
}

# Ticket numbers are this product's own matter: mails, tests and pages show them.
SPEAKS_OF_TICKETS = re.compile(r"(?i)\bticket #\d+")


def problems(root: Path) -> list[str]:
    """Name every place with such a trace."""
    kinds = {kind: re.compile(pattern) for kind, pattern in TRACES.items()}
    return [
        f"{place} {kind}"
        for place, line in tracked.lines(root)
        for kind, pattern in kinds.items()
        if pattern.search(SPEAKS_OF_TICKETS.sub("", line))
    ]
