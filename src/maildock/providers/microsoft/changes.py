"""What came into a mailbox's folder, page by page: a first round from its start time, then what changed since.

A filtered first round shows at most 5,000 messages. When it showed that many, the folder is listed too, by the time of
receipt; the link to what changed since the first round waits meanwhile.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from maildock.domain.errors import NotThere, Refused, Unauthorized, Unavailable
from maildock.providers import fields
from maildock.providers.base import Arrival, Changes, Mailbox
from maildock.providers.fields import Json
from maildock.providers.microsoft import calls, paging
from maildock.providers.microsoft.calls import Call
from maildock.providers.microsoft.client import Client, Opened
from maildock.providers.microsoft.refusals import SyncLost

FILTERED_MOST = 5000
_HOUR = 3600


class NoFolder(Unauthorized):
    """The mailbox has no such folder."""


class Unreadable(Unavailable):
    """The folder cannot be looked through, not even from its beginning."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next page begins.

    `target` is the link to it, empty at the very beginning; `seen` is how many entries the first round has shown.
    While the folder is listed, `begins` is where the list has come to, and `delta` the link that waits. `folder` is
    the one that all this is about. `goes_on` says that a later round has a further page. `good` is when all before was
    known, and `after` when the mailbox began with this folder, both in seconds since 1970; 0 where that is not known.
    """

    folder: str
    target: str = ""
    seen: int = 0
    is_first: bool = True
    begins: str = ""
    delta: str = ""
    recovered: bool = False
    goes_on: bool = False
    after: int = 0
    good: int = 0

    @property
    def is_at_end(self) -> bool:
        """Whether nothing more is to be had now."""
        return not (self.is_first or self.delta or self.goes_on)

    def since(self, mailbox: Mailbox) -> datetime:
        """Say from when on mail is wanted."""
        return max(mailbox.since, datetime.fromtimestamp(self.after, UTC))

    def written(self) -> str:
        """Write it as a cursor."""
        return json.dumps(asdict(self))


def read_position(cursor: str | None, folder: str) -> Position:
    """Read a cursor back; one that is none of ours begins anew, in this folder."""
    try:
        content: Any = json.loads(cursor or "{}")
        position = Position(**content)
    except (ValueError, TypeError):
        return Position(folder)
    fitting = all(type(value) is type(getattr(Position(""), name)) for name, value in asdict(position).items())
    return position if fitting and position.folder else Position(folder)


class Deltas:
    """Follows mailboxes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def changes(self, mailbox: Mailbox, cursor: str | None) -> Changes:
        """Give the next page."""
        opened = await self._client.opened(mailbox)
        folder = opened.settings.folder
        position = read_position(cursor, folder)
        if position.folder != folder:
            return await self._read_out(mailbox, opened, position, folder)
        return await self._page(mailbox, opened, position)

    async def _read_out(self, mailbox: Mailbox, opened: Opened, position: Position, folder: str) -> Changes:
        """Read the former folder to its end, then begin with the new one, from shortly before that was named."""
        try:
            page = await self._page(mailbox, opened, position)
        except (NoFolder, Unreadable):
            page = Changes((), None, more=False)
        if page.cursor and not read_position(page.cursor, folder).is_at_end:
            return page
        begun = Position(folder, after=max(position.good - _HOUR, position.after, 0))
        return replace(page, cursor=begun.written(), more=True)

    async def _page(self, mailbox: Mailbox, opened: Opened, position: Position) -> Changes:
        try:
            content = await self._client.ask(opened, _call(mailbox, position))
        except SyncLost as problem:
            if not position.target:
                raise Unreadable(f"the folder cannot be looked through: {problem}") from problem
            # A second time in a row it waits for the next look.
            return _begun_anew(position, more=not position.recovered)
        except NotThere as problem:
            raise no_folder(position.folder, problem) from problem
        except Refused as problem:
            if not position.target:
                raise Unreadable(f"the folder cannot be looked through: {problem}") from problem
            return _begun_anew(position, more=False)
        entries = paging.entries(content)
        following = _following(position, content, entries, opened)
        arrivals = tuple(_arrivals(entries, position.since(mailbox).replace(microsecond=0)))
        return Changes(arrivals, following.written(), more=not following.is_at_end, recovered=position.recovered)


def _begun_anew(position: Position, *, more: bool) -> Changes:
    begun = Position(position.folder, recovered=True, after=position.after, good=position.good)
    return Changes((), begun.written(), more=more, recovered=True)


def no_folder(folder: str, problem: Exception) -> NoFolder:
    """Say that the mailbox's folder is missing."""
    remedy = "check the folder: a well-known name such as inbox, or the id of one that exists"
    return NoFolder(f"the mailbox has no folder {folder}: {problem}", remedy)


def _call(mailbox: Mailbox, position: Position) -> Call:
    if position.target:
        return calls.following(position.target)
    if position.begins:
        return calls.listing(mailbox, position.folder, datetime.fromisoformat(position.begins))
    return calls.delta(mailbox, position.folder, position.since(mailbox))


def _following(position: Position, content: Json, entries: list[dict[str, Any]], opened: Opened) -> Position:
    """Say where to go on after a page."""
    origin = opened.settings.graph
    onward = paging.next_target(content, origin)
    if position.delta:
        return _listed_on(position, entries, onward)
    seen = position.seen + len(entries) if position.is_first else 0
    if onward:
        if onward == position.target:
            raise Unavailable("Graph's list does not go on")
        return replace(position, target=onward, seen=seen, goes_on=not position.is_first)
    delta = paging.delta_target(content, origin)
    if delta is None:
        raise Unavailable("Graph's answer does not say where to look for changes")
    if seen < FILTERED_MOST:
        return Position(position.folder, delta, is_first=False, after=position.after, good=int(time.time()))
    begins = calls.moment(position.since(opened.mailbox))
    return replace(position, target="", seen=0, begins=begins, delta=delta)


def _listed_on(position: Position, entries: list[dict[str, Any]], onward: str | None) -> Position:
    """Go on with the list. By time, for a link counts messages, and skips some when others are deleted meanwhile."""
    if not onward:
        return Position(position.folder, position.delta, is_first=False, after=position.after, good=int(time.time()))
    received = fields.moment(entries[-1], "receivedDateTime") if entries else None
    reached = calls.moment(received) if received else position.begins
    if reached == position.begins:
        return replace(position, target=onward)
    return replace(position, begins=reached, target="")


def _arrivals(entries: list[dict[str, Any]], since: datetime) -> Iterator[Arrival]:
    for entry in entries:
        email_id = fields.key(entry, "id")
        received = fields.moment(entry, "receivedDateTime")
        if not email_id or "@removed" in entry or (received or datetime.max.replace(tzinfo=UTC)) < since:
            continue
        yield Arrival(email_id, received, ignored=fields.flag(entry, "isDraft"))
