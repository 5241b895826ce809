"""No tracked file shows a reader something else than it says: no control, bidi or zero-width characters."""

import re
from pathlib import Path

from scripts.guards import tracked

# The tab and the carriage return that ends a line are welcome; a joiner inside an emoji is not worth the doubt.
HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


def problems(root: Path) -> list[str]:
    """Name every line with such a character; in mail samples they are what is being tested."""
    return [
        f"{place} has the hidden character U+{ord(found[0]):04X}; write it as an escape"
        for place, line in tracked.lines(root)
        if (found := HIDDEN.search(line)) and not place.rpartition(":")[0].endswith((".eml", ".mbox"))
    ]
