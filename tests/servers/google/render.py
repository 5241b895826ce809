"""Messages as Gmail writes them ("Gmail: Shapes")."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from tests.servers.google.mailbox import GmailMailbox, GmailMessage, Record
from tests.servers.google.mime import GmailPart
from tests.servers.google.replies import InvalidArgument
from tests.servers.google.style import Style
from tests.servers.mime import decoded

FORMATS = ("minimal", "metadata", "full", "raw")
NAMES = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}


def message_json(
    mailbox: GmailMailbox, message: GmailMessage, style: Style, form: str = "full", wanted: Sequence[str] = ()
) -> dict[str, Any]:
    """Write a message in one of the formats; `wanted` names headers for `metadata`, all without any."""
    if form not in FORMATS:
        raise InvalidArgument(f"Invalid value at 'format': \"{form}\"")
    known = {
        "id": message.message_id,
        "threadId": message.thread_id,
        "labelIds": list(message.labels),
        "snippet": _snippet(message),
        "sizeEstimate": len(message.raw),
        "historyId": str(message.history_id),
        "internalDate": str(message.internal_date),
    }
    if form == "raw":
        return known | {"raw": style.base64(message.raw)}
    if form == "metadata":
        return known | {"payload": _metadata(message.root, style, {name.lower() for name in wanted})}
    if form == "minimal":
        return known
    mailbox.tokens.begin(message)
    return known | {"payload": _part(mailbox, message, message.root, style)}


def _metadata(root: GmailPart, style: Style, wanted: set[str]) -> dict[str, Any]:
    headers = [header for header in _headers(root, style) if not wanted or header["name"].lower() in wanted]
    return {"mimeType": root.mime_type, "headers": headers}


def _part(mailbox: GmailMailbox, message: GmailMessage, part: GmailPart, style: Style) -> dict[str, Any]:
    content: dict[str, Any] = {
        "partId": part.part_id,
        "mimeType": part.mime_type,
        "filename": part.filename,
        "headers": _headers(part, style),
        "body": _body(mailbox, message, part, style),
    }
    if part.parts and not (part.is_mail and style.attached_mails == "id"):
        content["parts"] = [_part(mailbox, message, child, style) for child in part.parts]
    return content


def _body(mailbox: GmailMailbox, message: GmailMessage, part: GmailPart, style: Style) -> dict[str, Any]:
    if part.is_mail and style.attached_mails == "parts":
        return {"size": 0}
    # "`body.size` is decoded bytes. With `attachmentId` the content is fetched apart; without, all of it is in `data`".
    if not style.is_in_data(len(part.data), (message.message_id, part.part_id), is_file=part.is_file):
        return {"attachmentId": mailbox.tokens.issue(message, part), "size": len(part.data) + style.size_error}
    data = part.text() if style.utf8_texts and not part.is_file else part.data
    body: dict[str, Any] = {"size": len(data)}
    return body | {"data": style.base64(data)} if data else body


def _headers(part: GmailPart, style: Style) -> list[dict[str, str]]:
    return [{"name": name, "value": decoded(value) if style.decoded_headers else value} for name, value in part.headers]


def _snippet(message: GmailMessage) -> str:
    for part in message.root.walk():
        if part.mime_type in {"text/plain", "text/html"} and not part.is_file:
            text = re.sub(r"<[^>]*>", "", part.data.decode("utf-8", "replace"))
            return html.escape(" ".join(text.split()))[:200]
    return ""


def record_json(record: Record) -> dict[str, Any]:
    """Write what happened to a message."""
    about = {"id": record.message.message_id, "threadId": record.message.thread_id}
    entry: dict[str, Any] = {"message": about | {"labelIds": list(record.labels)}}
    if record.changed:
        entry["labelIds"] = list(record.changed)
    return {"id": str(record.history_id), "messages": [about], NAMES[record.kind]: [entry]}
