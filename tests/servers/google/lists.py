"""Lists, a page at a time: messages, and what happened to them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from tests.servers.google.mailbox import HIDDEN, GmailMailbox, GmailMessage
from tests.servers.google.query import Ask, matches
from tests.servers.google.render import NAMES, record_json
from tests.servers.google.replies import InvalidArgument, NotFound

Content = dict[str, Any]


def list_messages(ask: Ask, mailbox: GmailMailbox) -> Content:
    """Answer with ids: "`list` gives id and threadId only (100 a page, at most 500)"."""
    wanted = ask.listed("labelIds")
    for label in wanted:
        if label not in mailbox.labels:
            raise InvalidArgument(f"Invalid label: {label}")
    start = _start(ask)
    found = [message for message in mailbox.newest() if _is_listed(ask, mailbox, message, wanted)]
    rest = [message for message in found if start is None or _place(message) < start]
    page = rest[: ask.page_size]
    content: Content = {"messages": [{"id": one.message_id, "threadId": one.thread_id} for one in page]} if page else {}
    if len(rest) > len(page):
        content["nextPageToken"] = base64.urlsafe_b64encode(_place(page[-1]).encode()).decode()
    # The estimate is one.
    return content | {"resultSizeEstimate": min(len(found), 201)}


def _is_listed(ask: Ask, mailbox: GmailMailbox, message: GmailMessage, wanted: list[str]) -> bool:
    hidden = bool(HIDDEN & set(message.labels)) and not HIDDEN & set(wanted)
    if hidden and ask.option("includeSpamTrash") != "true":
        return False
    return set(wanted) <= set(message.labels) and matches(ask.option("q"), mailbox, message)


def _place(message: GmailMessage) -> str:
    return f"{message.internal_date:020} {message.message_id}"


def _start(ask: Ask) -> str | None:
    token = ask.option("pageToken")
    try:
        return base64.urlsafe_b64decode(token).decode() if token else None
    except (ValueError, binascii.Error) as error:
        raise InvalidArgument("Invalid page token") from error


def list_history(ask: Ask, mailbox: GmailMailbox) -> Content:
    """Answer with what happened after `startHistoryId` ("Gmail: History")."""
    start = _number(ask.option("startHistoryId"))
    known = mailbox.remembered()
    if start < mailbox.oldest_history:
        # "Too old: 404".
        raise NotFound
    kinds, label = ask.listed("historyTypes") or list(NAMES), ask.option("labelId")
    for kind in kinds:
        if kind not in NAMES:
            raise InvalidArgument(f"Invalid value at 'history_types': \"{kind}\"")
    after = max(start, _number(ask.option("pageToken") or "0"))
    found = [
        record
        for record in known
        if record.history_id > after
        and record.kind in kinds
        and (not label or label in {*record.labels, *record.changed})
    ]
    page = found[: ask.page_size]
    content: Content = {"history": [record_json(record) for record in page]} if page else {}
    if len(found) > len(page):
        content["nextPageToken"] = str(page[-1].history_id)
    return content | {"historyId": str(mailbox.history_id)}


def _number(text: str) -> int:
    if not text.isdecimal():
        raise InvalidArgument("Missing/invalid parameter: startHistoryId")
    return int(text)
