"""Reading mail: folders, messages, attachments, and their bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.servers.microsoft.mailbox import Folder, GraphMailbox, GraphMessage
from tests.servers.microsoft.paging import page
from tests.servers.microsoft.parts import GraphPart
from tests.servers.microsoft.query import Ask
from tests.servers.microsoft.render import check_part_select, folder_json, message_json, part_json, unknown_property
from tests.servers.microsoft.replies import GraphError, InvalidRequest, ItemNotFound
from tests.servers.replies import Reply, as_json

ITEM = "microsoft.graph.itemattachment/item"
CONDITION = re.compile(r"receivedDateTime\s+(?P<how>ge|gt|le|lt)\s+(?P<when>\S+)", re.IGNORECASE)
LIST_BYTES = 30_000_000
ITEM_TYPES = {"message": "text/plain", "event": "text/calendar", "contact": "text/vcard"}


def read_folder(mailbox: GraphMailbox, folder: Folder) -> Reply:
    """Answer for one folder."""
    return as_json(folder_json(mailbox, folder))


def list_folders(ask: Ask, mailbox: GraphMailbox) -> Reply:
    """Answer for all folders."""
    return page(ask, mailbox.folders, lambda folder: folder_json(mailbox, folder))


def list_messages(ask: Ask, mailbox: GraphMailbox, folder: Folder | None) -> Reply:
    """Answer for a folder's messages, newest first, or in the order that is asked for."""
    found = [message for message in mailbox.within(folder) if received_fits(ask.options, message.received)]
    if ask.options.get("$orderby", "").lower().split() in (["receiveddatetime"], ["receiveddatetime", "asc"]):
        found.reverse()
    return page(ask, found, lambda message: _with_expansions(ask, message))


def read_message(ask: Ask, message: GraphMessage) -> Reply:
    """Answer for one message."""
    return as_json(_with_expansions(ask, message))


def seen(message: GraphMessage) -> GraphMessage:
    """Give the message, unless it is too new to be seen: "a GET right after a notification can 404 for a moment"."""
    if message.late_reads > 0:
        message.late_reads -= 1
        raise ItemNotFound
    return message


def message_value(message: GraphMessage) -> Reply:
    """Answer with a message's MIME. "Graph: Endpoints. `messages/{id}/$value` (MIME)"."""
    return Reply(body=message.raw, content_type="text/plain", streamed=True)


def list_parts(ask: Ask, message: GraphMessage) -> Reply:
    """Answer for all attachments of a message."""
    _check_parts(message, ask.select)
    return page(ask, message.parts, lambda part: _part(ask, message, part))


def read_part(ask: Ask, message: GraphMessage, part: GraphPart) -> Reply:
    """Answer for one attachment."""
    check_part_select(ask.select)
    return as_json(_part(ask, message, part))


def part_value(part: GraphPart) -> Reply:
    """Answer with an attachment's bytes ("Graph: Attachment types"); a link has none: 405."""
    if part.kind == "reference":
        raise GraphError(405, "ErrorInvalidRequest", "$value is not supported for reference attachments.")
    if part.kind == "item":
        return Reply(body=part.data, content_type=ITEM_TYPES[part.item_kind], streamed=True)
    return Reply(body=part.data, content_type=part.content_type or "application/octet-stream", streamed=True)


def received_fits(options: Mapping[str, str], received: datetime) -> bool:
    """Say whether a time fits the `$filter` among these options; one that is not understood is refused."""
    conditions = [text for text in re.split(r"\s+and\s+", options.get("$filter", "")) if text.strip()]
    return all(_fits(text.strip(), received) for text in conditions)


def _fits(condition: str, received: datetime) -> bool:
    match = CONDITION.fullmatch(condition)
    if match is None:
        raise InvalidRequest("The query filter is not supported.", "ErrorInvalidUrlQueryFilter")
    try:
        when = datetime.fromisoformat(match["when"])
    except ValueError as error:
        raise InvalidRequest("Invalid date in the query filter.", "ErrorInvalidUrlQueryFilter") from error
    if when.tzinfo is None:
        raise InvalidRequest("A date in the query filter has no offset.", "ErrorInvalidUrlQueryFilter")
    return {"ge": received >= when, "gt": received > when, "le": received <= when, "lt": received < when}[
        match["how"].lower()
    ]


def _with_expansions(ask: Ask, message: GraphMessage) -> dict[str, Any]:
    content = message_json(message, ask.prefer, ask.select)
    for name, select in ask.expand.items():
        if name != "attachments":
            raise unknown_property(name, "message")
        # "Graph: Select. The cast works inside `$expand=attachments($select=…)` too".
        _check_parts(message, select)
        content["attachments"] = [part_json(message, part, ask.prefer, select) for part in message.parts]
    return content


def _check_parts(message: GraphMessage, select: tuple[str, ...] | None) -> None:
    check_part_select(select)
    # "Graph: Select. Without `$select`, `contentBytes` comes back whole: lists time out at 30 MB".
    whole = select is None or any(name.lower().endswith("/contentbytes") for name in select)
    if whole and sum(len(part.data) for part in message.parts) > LIST_BYTES:
        raise GraphError(504, "UnknownError", "")


def _part(ask: Ask, message: GraphMessage, part: GraphPart) -> dict[str, Any]:
    return part_json(message, part, ask.prefer, ask.select, with_item=ITEM in ask.expand)
