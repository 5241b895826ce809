"""Reading Graph's JSON: each field as the type it should have, or as nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from maildock.domain.errors import Unavailable
from maildock.providers.http import Origin

Json = Mapping[str, Any]

_LONGEST_KEY = 1000
_NEXT, _DELTA = "@odata.nextLink", "@odata.deltaLink"


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
    """Give a whole number that is not negative, `None` where there is none."""
    value = content.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def inside(content: Json, name: str) -> Json:
    """Give an object, empty where there is none."""
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def objects(content: Json, name: str) -> list[dict[str, Any]]:
    """Give the objects of a list."""
    value = content.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def moment(content: Json, name: str) -> datetime | None:
    """Give a time in UTC, `None` where there is none."""
    try:
        found = datetime.fromisoformat(text(content, name))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def entries(content: Json) -> list[dict[str, Any]]:
    """Give a page's entries; raises `Unavailable` for an answer that is no page, so that none is taken as empty."""
    if not isinstance(content.get("value"), list):
        raise Unavailable("Graph's answer is no list")
    return objects(content, "value")


def next_target(content: Json, origin: Origin) -> str | None:
    """Give where a page goes on; raises `Unavailable` where that is another place."""
    link = text(content, _NEXT)
    return origin.target(link) if link else None


def delta_target(content: Json, origin: Origin) -> str | None:
    """Give where to look for what comes later."""
    link = text(content, _DELTA)
    return origin.target(link) if link else None
