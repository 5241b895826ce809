"""The methods of the Gmail API that are called, and what each costs of a mailbox's quota."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one mailbox: the path below its user, already encoded, and its price in quota units.

    The user is the mailbox by its address, so that credentials of another open nothing; `me` is whose they are.
    """

    method: str
    path: str
    units: int
    body: bytes | None = None
    user: str = ""


def own_profile() -> Call:
    """Ask whose the credentials are."""
    return replace(profile(), user="me")


def profile() -> Call:
    """Ask for the mailbox's address and where its history stands."""
    return _get("profile", 1)


def labels() -> Call:
    """Ask for all labels."""
    return _get("labels", 1)


def message(email_id: str, form: str) -> Call:
    """Ask for a message, `full` or `raw`."""
    return _get(f"messages/{quote(email_id, safe='')}", 20, [("format", form)])


def attachment(email_id: str, handle: str) -> Call:
    """Ask for the bytes of a part by its short-lived handle."""
    return _get(f"messages/{quote(email_id, safe='')}/attachments/{quote(handle, safe='')}", 20)


def listed(label_id: str, after: int, page: str) -> Call:
    """Ask for the messages with a label that came after a moment (seconds since 1970), the newest first."""
    query = [("labelIds", label_id), ("q", f"after:{after}" if after else ""), ("maxResults", str(LARGEST_PAGE))]
    return _get("messages", 5, [*query, ("pageToken", page)])


def history(label_id: str, start: str, page: str) -> Call:
    """Ask for what came into a label after a history id."""
    query = [("startHistoryId", start), ("labelId", label_id), ("maxResults", str(LARGEST_PAGE))]
    kinds = [("historyTypes", kind) for kind in ("messageAdded", "labelAdded")]
    return _get("history", 2, [*query, *kinds, ("pageToken", page)])


def watch(topic: str, label_id: str) -> Call:
    """Ask for a push to a topic whenever something in a label changes."""
    asked = {"topicName": topic, "labelIds": [label_id], "labelFilterBehavior": "include"}
    return Call("POST", "watch", 100, json.dumps(asked).encode())


def stop() -> Call:
    """Ask for no more pushes."""
    return Call("POST", "stop", 50, b"")


def _get(path: str, units: int, query: Iterable[tuple[str, str]] = ()) -> Call:
    given = [(name, value) for name, value in query if value]
    return Call("GET", f"{path}?{urlencode([*given, ('prettyPrint', 'false')])}", units)
