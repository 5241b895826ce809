"""Cursors: where the next page of a list begins. Opaque to clients; what is not ours is a 400."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from maildock.web.problems import Problem
from maildock.web.texts import storable

Row = TypeVar("Row")

LARGEST = 2**31  # of PostgreSQL's integer


def write(*key: object) -> str:
    """Write the sort key of a page's last row."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    text = json.dumps([str(value) if isinstance(value, UUID) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(cursor: str | None, *kinds: str) -> tuple[Any, ...] | None:
    """Read a sort key of these kinds (`int`, `time`, `uuid`, `text`) back; `None` for the first page."""
    if cursor is None:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(_READERS[kind](value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, RecursionError) as problem:
        raise Problem(400, "The cursor is not one that this list gave.") from problem


def _number(value: object) -> int:
    if type(value) is not int or abs(value) >= LARGEST:
        raise TypeError
    return value


def _time(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not storable(value):
        raise TypeError
    return value


_READERS: dict[str, Callable[[Any], object]] = {
    "int": _number,
    "time": _time,
    "uuid": lambda value: UUID(_text(value)),
    "text": _text,
}


def page(
    rows: Sequence[Row], limit: int, key: Callable[[Row], tuple[object, ...]], shape: Callable[[Row], BaseModel]
) -> dict[str, Any]:
    """Shape `limit` of `limit + 1` fetched rows, with the cursor of what follows."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {"items": [shape(row) for row in shown], "next_cursor": write(*key(shown[-1])) if more else None}
