"""What changed in a folder since a round before ("Graph: Delta")."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from tests.servers.microsoft.mailbox import Change, Folder, GraphMailbox
from tests.servers.microsoft.messages import received_fits
from tests.servers.microsoft.paging import PAGE
from tests.servers.microsoft.query import Ask, listed
from tests.servers.microsoft.render import message_json
from tests.servers.microsoft.replies import GraphError, InvalidRequest
from tests.servers.replies import Reply, as_json

# "Graph: Delta. `$filter` only on `receivedDateTime ge|gt`, capped at 5,000 messages".
FILTERED_MOST = 5000
KEPT_OPTIONS = ("changeType", "$select", "$filter", "$orderby")


@dataclass(frozen=True)
class Round:
    """A look at a folder: what it shows, how much of that has been given, and where the next round starts."""

    folder: Folder
    epoch: int
    changes: tuple[Change, ...]
    until: int
    options: Mapping[str, str]
    given: int = 0
    done: bool = False


class Deltas:
    """The rounds that tokens stand for. A token may be used again: it gives the same page."""

    def __init__(self) -> None:
        self._rounds: dict[str, Round] = {}

    def answer(self, ask: Ask, mailbox: GraphMailbox, folder: Folder) -> Reply:
        """Answer with a page and the link to the next page or, after the last one, to the next round."""
        token = ask.options.get("$skiptoken") or ask.options.get("$deltatoken")
        current = self._continued(ask, mailbox, folder, token) if token else _first_round(ask, mailbox, folder)
        size = ask.prefer.page_size or PAGE
        shown = current.changes[current.given : current.given + size]
        following = replace(current, given=current.given + len(shown))
        following = replace(following, done=following.given >= len(current.changes))
        content: dict[str, Any] = {
            "@odata.context": f"{ask.origin}/v1.0/$metadata#Collection(message)",
            "value": [_entry(ask, current, change) for change in shown],
        }
        name = "delta" if following.done else "next"
        content[f"@odata.{name}Link"] = self._link(ask, following)
        return as_json(content, headers={"Preference-Applied": f"odata.maxpagesize={size}"})

    def _link(self, ask: Ask, following: Round) -> str:
        token = secrets.token_urlsafe(60)
        self._rounds[token] = following
        name = "$deltatoken" if following.done else "$skiptoken"
        return f"{ask.origin}{ask.path}?{quote(name)}={token}"

    def _continued(self, ask: Ask, mailbox: GraphMailbox, folder: Folder, token: str) -> Round:
        known = self._rounds.get(token)
        if known is None or known.folder is not folder:
            raise GraphError(400, "syncStateNotFound", "The sync state generation is not found.")
        if known.epoch != mailbox.sync_epoch:
            raise _lost(ask, mailbox, known)
        return _next_round(mailbox, known) if known.done else known


def _first_round(ask: Ask, mailbox: GraphMailbox, folder: Folder) -> Round:
    _check(ask)
    found = [message for message in mailbox.within(folder) if received_fits(ask.options, message.received)]
    shown = found[:FILTERED_MOST] if "$filter" in ask.options else found
    kept = {name: ask.options[name] for name in KEPT_OPTIONS if name in ask.options}
    changes = tuple(Change(message.ids, message) for message in shown)
    return Round(folder, mailbox.sync_epoch, changes, len(folder.log), kept)


def _check(ask: Ask) -> None:
    if ask.options.get("changeType", "created") not in {"created", "updated", "deleted"}:
        raise InvalidRequest("The change type is not valid.")
    if re.search(r"\s(le|lt|eq|ne)\s", ask.options.get("$filter", "")):
        raise InvalidRequest("The query filter is not supported.", "ErrorInvalidUrlQueryFilter")


def _next_round(mailbox: GraphMailbox, before: Round) -> Round:
    # "Graph: Delta. Replays and `@removed` entries occur".
    start, mailbox.replays = max(0, before.until - mailbox.replays), 0
    folder = before.folder
    latest = {change.message: change for change in folder.log[start:]}
    changes = tuple(
        change for change in latest.values() if change.removed or received_fits(before.options, change.message.received)
    )
    return Round(folder, before.epoch, changes, len(folder.log), before.options)


def _entry(ask: Ask, current: Round, change: Change) -> dict[str, Any]:
    kind = {"@odata.type": "#microsoft.graph.message"}
    if change.removed:
        return kind | {"id": change.ids.of(immutable=ask.prefer.immutable), "@removed": {"reason": "deleted"}}
    return kind | message_json(change.message, ask.prefer, listed(current.options.get("$select")))


def _lost(ask: Ask, mailbox: GraphMailbox, known: Round) -> GraphError:
    status, code = mailbox.sync_loss
    headers = {}
    # "Graph: Delta. 410 with `Location`: full resync. An expired token is 40X `syncStateNotFound`".
    if status == 410:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in known.options.items())
        headers["Location"] = f"{ask.origin}{ask.path}?{query}&$deltatoken="
    return GraphError(status, code, "The sync state is no longer valid; a full synchronization is needed.", headers)
