"""What came into a mailbox's label, page by page: first a list from its start time, then its history.

Gmail remembers history for a week, sometimes for hours only. Where it has forgotten, the mailbox is listed again from
a day before it was last known.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from maildock.domain.errors import Gone, NotThere, Refused, Unavailable
from maildock.providers import fields
from maildock.providers.base import Arrival, Changes, Mailbox
from maildock.providers.fields import Json
from maildock.providers.gmail import calls
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.labels import Labels, ignored
from maildock.providers.gmail.refusals import Stale

_DAY, _HOUR = 86_400, 3_600
_HISTORY = re.compile(r"[0-9]{1,20}")  # 64 bits
_NEXT = "nextPageToken"


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next page begins.

    `history` is the id to read on from; it moves on only when all that came after it has been given. `page` names the
    next page, of the list while `listing` (from `after`, in seconds since 1970), else of the history, whose first page
    said that it goes up to `upto`. `good` is when all before was known. `label` is the id of what all this is about.
    """

    history: str = ""
    page: str = ""
    upto: str = ""
    listing: bool = False
    recovered: bool = False
    after: int = 0
    good: int = 0
    label: str = ""

    def written(self) -> str:
        """Write it as a cursor."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})


def read_position(cursor: str | None) -> Position | None:
    """Read a cursor back; `None` where there is none, or where it is none of ours."""
    try:
        content: Any = json.loads(cursor or "null")
        position = Position(**content)
    except (ValueError, TypeError):
        return None
    fitting = all(type(value) is type(getattr(Position(), name)) for name, value in asdict(position).items())
    return position if fitting and _HISTORY.fullmatch(position.history) else None


class History:
    """Follows mailboxes."""

    def __init__(self, client: Client, labels: Labels) -> None:
        self._client = client
        self._labels = labels

    async def changes(self, mailbox: Mailbox, cursor: str | None) -> Changes:
        """Give the next page."""
        label = await self._labels.id_of(mailbox)
        position = read_position(cursor)
        if position is None:
            position = replace(await self._begin(mailbox, 0, recovered=cursor is not None), label=label)
        if position.label not in ("", label):
            return await self._read_out(mailbox, position, label)
        position = replace(position, label=label)
        try:
            return await self._page(mailbox, position)
        except Stale:
            return _again_later(position)
        except (Refused, Gone) as problem:
            # Such as a label that was deleted: then there is no such id any more.
            self._labels.forget(mailbox)
            await self._labels.id_of(mailbox)
            raise Unavailable(f"the mailbox cannot be listed: {problem}") from problem

    async def _read_out(self, mailbox: Mailbox, position: Position, label: str) -> Changes:
        """Read the former label to its end, then begin with the new one, from shortly before that was named."""
        try:
            page = await self._page(mailbox, position)
        except Stale:
            return _again_later(position)
        except (Refused, Gone):
            # The former label is not there any more.
            page = Changes((), None, more=False)
        if page.more:
            return page
        begun = await self._begin(mailbox, position.good - _HOUR, recovered=False)
        return replace(page, cursor=replace(begun, label=label).written(), more=True)

    async def _page(self, mailbox: Mailbox, position: Position) -> Changes:
        if position.listing:
            return await self._listed(mailbox, position)
        try:
            return await self._read_on(mailbox, position)
        except NotThere:
            begun = await self._begin(mailbox, position.good - _DAY, recovered=True)
            return await self._listed(mailbox, replace(begun, label=position.label))

    async def _begin(self, mailbox: Mailbox, after: int, *, recovered: bool) -> Position:
        """Begin a list. Where the history stands is asked first: what comes meanwhile is read there."""
        good = int(time.time())
        profile = await self._client.ask(mailbox, calls.profile())
        since = max(int(mailbox.since.timestamp()) - 1, after, 0)
        return Position(_number(profile, "historyId"), listing=True, recovered=recovered, after=since, good=good)

    async def _listed(self, mailbox: Mailbox, position: Position) -> Changes:
        content = await self._client.ask(mailbox, calls.listed(position.label, position.after, position.page))
        # The newest come first there, and are to be filed last.
        ids = [fields.key(one, "id") for one in reversed(fields.objects(content, "messages"))]
        page = _next_page(content, position.page)
        read_on = Position(position.history, good=position.good, label=position.label)
        following = replace(position, page=page) if page else read_on
        arrivals = tuple(Arrival(email_id) for email_id in ids if email_id)
        return Changes(arrivals, following.written(), more=True, recovered=position.recovered)

    async def _read_on(self, mailbox: Mailbox, position: Position) -> Changes:
        label, now = position.label, int(time.time())
        content = await self._client.ask(mailbox, calls.history(label, position.history, position.page))
        arrivals = tuple(_arrivals(fields.objects(content, "history"), label))
        # Later pages may stand for a later moment; what is then read twice is known already.
        upto = position.upto or _number(content, "historyId")
        page = _next_page(content, position.page)
        if page:
            following = replace(position, page=page, upto=upto)
            return Changes(arrivals, following.written(), more=True)
        # Gmail never goes back; an answer from a stale copy must not either.
        reached = max(position.history, upto, key=int)
        return Changes(arrivals, Position(reached, good=now, label=label).written(), more=False)


def _again_later(position: Position) -> Changes:
    # At the next poll, so that a page that is always refused is not asked for over and over.
    return Changes((), replace(position, page="", upto="").written(), more=False, recovered=position.recovered)


def _arrivals(records: Iterable[Json], label: str) -> Iterator[Arrival]:
    """Give each mail once that was added to the mailbox, or to the label.

    It came in as soon as one record says so: a mail to oneself is first one that was sent.
    """
    found: dict[str, bool] = {}
    for record in records:
        added = [(one, [label]) for one in fields.objects(record, "messagesAdded")]
        labelled = [(one, fields.texts(one, "labelIds") or [label]) for one in fields.objects(record, "labelsAdded")]
        for entry, labels in [*added, *labelled]:
            message = fields.inside(entry, "message")
            email_id = fields.key(message, "id")
            if email_id and label in labels:
                is_ignored = bool(ignored(fields.texts(message, "labelIds")))
                found[email_id] = found.get(email_id, True) and is_ignored
    for email_id, is_ignored in found.items():
        yield Arrival(email_id, ignored=is_ignored)


def _number(content: Json, name: str) -> str:
    number = str(content.get(name))
    if not _HISTORY.fullmatch(number):
        raise Unavailable(f"Gmail's answer has no {name}")
    return number


def _next_page(content: Json, page: str) -> str:
    """Give where the list goes on behind this page, empty where it ends."""
    if not content.get(_NEXT):
        return ""
    following = fields.key(content, _NEXT)
    if not following or following == page:
        raise Unavailable("Gmail's list does not go on")
    return following
