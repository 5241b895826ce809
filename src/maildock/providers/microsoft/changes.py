"""Changes: a folder's delta, page by page, and what makes up for its limits.

https://learn.microsoft.com/graph/delta-query-messages

The cursor is JSON: `next`, the target of the next page; `seen`, how much a first round has shown so far; `delta`, kept
while a list makes up for what the first round could not show.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote

from maildock.providers.base import Arrival, Changes
from maildock.providers.microsoft.client import Graph, key
from maildock.providers.microsoft.items import moment, values
from maildock.providers.microsoft.refusals import LostSync, unsound

# A filtered round shows no more than this many, and does not say that it left some out.
FILTERED_MOST = 5000
_PAGE = 200
_FIELDS = "id,receivedDateTime,isDraft"
_NEXT, _DELTA = "@odata.nextLink", "@odata.deltaLink"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page begins; see this module for what the fields mean."""

    next: str
    seen: int | None = None
    delta: str | None = None
    recovered: bool = False

    @classmethod
    def read(cls, cursor: str) -> Self:
        """Read a cursor back."""
        return cls(**json.loads(cursor))

    def __str__(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__ if getattr(self, name)})


_LOST = "lost"


async def changes(graph: Graph, since: datetime, cursor: str | None) -> Changes:
    """Give the next page of mail received since `since`; a place that Graph has lost begins anew, from there on."""
    lost = cursor == _LOST
    place = _beginning(graph, since, recovered=lost) if cursor is None or lost else Place.read(cursor)
    try:
        page = await graph.ask("GET", place.next, prefer=f"odata.maxpagesize={_PAGE}")
    except LostSync:
        return Changes((), _LOST, more=True, recovered=True)
    arrivals = tuple(found for entry in values(page) if (found := _arrival(entry)))
    following, more = _following(graph, since, place, page, len(arrivals))
    return Changes(arrivals, str(following), more, recovered=place.recovered)


def _beginning(graph: Graph, since: datetime, *, recovered: bool) -> Place:
    folder = graph.user(f"mailFolders/{key(graph.settings.folder)}/messages/delta")
    query = f"changeType=created&$select={_FIELDS}&$filter={_received(since)}"
    return Place(f"{folder}?{query}", seen=0, recovered=recovered)


def _listing(graph: Graph, since: datetime) -> str:
    folder = graph.user(f"mailFolders/{key(graph.settings.folder)}/messages")
    return f"{folder}?$select={_FIELDS}&$filter={_received(since)}&$orderby=receivedDateTime&$top={_PAGE}"


def _received(since: datetime) -> str:
    return quote(f"receivedDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", safe=":")


def _following(graph: Graph, since: datetime, place: Place, page: dict[str, Any], count: int) -> tuple[Place, bool]:
    """Say where the page after this one begins, and whether it is to be had now."""
    seen = None if place.seen is None else place.seen + count
    link = page.get(_NEXT)
    if isinstance(link, str):
        return Place(graph.origin.target(link), seen, place.delta, place.recovered), True
    if place.delta is not None:
        return Place(place.delta), False
    link = page.get(_DELTA)
    if not isinstance(link, str):
        raise unsound("link to what follows")
    delta = graph.origin.target(link)
    if seen is not None and seen >= FILTERED_MOST:
        return Place(_listing(graph, since), None, delta, place.recovered), True
    return Place(delta), False


def _arrival(entry: dict[str, Any]) -> Arrival | None:
    email_id = entry.get("id")
    if "@removed" in entry or not isinstance(email_id, str) or not email_id:
        return None
    return Arrival(email_id, moment(entry.get("receivedDateTime")), ignored=entry.get("isDraft") is True)
