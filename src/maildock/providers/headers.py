"""Header blocks that a provider gives as names and values, as if they had been read from raw mail."""

import re
from collections.abc import Iterable

from maildock.mime.header import Header

_MOST_OF_ONE_NAME = 50
_MOST_FIELDS = 1000
_LONGEST = 1 << 20
_BREAKS = re.compile(r"[\r\n]+")


def header_of(fields: Iterable[tuple[str, str]]) -> Header:
    """Build the block; what is Unicode already stays so, and encoded words are decoded where they are read."""
    known: dict[str, list[bytes]] = {}
    size = 0
    for number, (name, value) in enumerate(fields):
        if number == _MOST_FIELDS or size > _LONGEST:
            break
        raw = _BREAKS.sub(" ", value).strip().encode(errors="replace")
        values = known.setdefault(name.strip().lower(), [])
        if len(values) < _MOST_OF_ONE_NAME:
            values.append(raw)
        size += len(name) + len(raw)
    return Header(known, size)
