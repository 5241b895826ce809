"""Graph's lists: what is on a page, and where the next one is."""

from typing import Any

from maildock.domain.errors import Unavailable
from maildock.providers.fields import Json, objects, text
from maildock.providers.http import Origin

_NEXT, _DELTA = "@odata.nextLink", "@odata.deltaLink"


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
