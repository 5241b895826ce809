"""Reading vendors' JSON: each field as the type it should have, or as nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

_LONGEST_KEY = 1000
_LARGEST = (1 << 63) - 1  # that a column holds


def text(content: Json, name: str) -> str:
    """Give a string, empty where there is none."""
    value = content.get(name)
    return value if isinstance(value, str) else ""


def key(content: Json, name: str) -> str:
    """Give an id, empty where there is none that could be one."""
    value = text(content, name)
    return value if value.isprintable() and len(value) <= _LONGEST_KEY else ""


def flag(content: Json, name: str) -> bool:
    """Give a flag, unset where there is none."""
    return content.get(name) is True


def number(content: Json, name: str) -> int | None:
    """Give a whole number that is not negative, and at most what 64 bits hold; `None` where there is none."""
    value = content.get(name)
    return min(value, _LARGEST) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def inside(content: Json, name: str) -> Json:
    """Give an object, empty where there is none."""
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def objects(content: Json, name: str) -> list[dict[str, Any]]:
    """Give the objects of a list."""
    value = content.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(content: Json, name: str) -> list[str]:
    """Give the strings of a list."""
    value = content.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def moment(content: Json, name: str) -> datetime | None:
    """Give a time in UTC, `None` where there is none."""
    try:
        found = datetime.fromisoformat(text(content, name))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
