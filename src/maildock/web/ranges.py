"""Which bytes a client asks for (RFC 9110, 14): only what is exactly right counts, anything else gets the whole."""

import re
from collections.abc import Mapping

from maildock.web.problems import Problem

MOST_RANGES = 20

_RANGES = re.compile(r"bytes\s*=\s*([0-9,\s-]{1,1000})", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")


def wanted(headers: Mapping[str, str], size: int, etag: str) -> list[tuple[int, int]]:
    """Give the ranges [start, end) to send of `size` bytes; none is the whole. Where all lie beyond the end: 416."""
    asked = headers.get("range")
    if asked is None or not size or headers.get("if-range", etag) != etag:
        return []
    match = _RANGES.fullmatch(asked.strip())
    parts = [_RANGE.fullmatch(part.strip()) for part in match[1].split(",") if part.strip()] if match else []
    bounds = [_bounds(part[1], part[2], size) if part else None for part in parts]
    known = [bound for bound in bounds if bound is not None]
    if not known or len(known) < len(parts) or len(known) > MOST_RANGES:
        return []
    met = [(start, end) for start, end in known if start < end]
    if not met:
        raise Problem(416, f"The file has {size} bytes.", Content_Range=f"bytes */{size}")
    return met


def _bounds(first: str, last: str, size: int) -> tuple[int, int] | None:
    """Give [start, end), empty where there is nothing, `None` for what is no range."""
    if not first:
        return (max(size - int(last), 0), size) if last else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size
