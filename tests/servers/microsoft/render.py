"""Messages, folders and attachments as Graph writes them in JSON."""

from __future__ import annotations

import base64
import html
import re
from typing import Any

from tests.servers.microsoft.mailbox import Folder, GraphMailbox, GraphMessage
from tests.servers.microsoft.parts import GraphPart
from tests.servers.microsoft.query import Prefer
from tests.servers.microsoft.replies import InvalidRequest
from tests.servers.replies import rfc3339

COMMON = ("id", "name", "contentType", "size", "isInline", "lastModifiedDateTime")
DERIVED: dict[str, tuple[str, ...]] = {
    "file": ("contentId", "contentLocation", "contentBytes"),
    "item": ("item",),
    "reference": (),
}
# What may be selected, in lower case: whose it is (nobody's own if common) and its name.
_SELECTABLE: dict[str, tuple[str, str]] = {name.lower(): ("", name) for name in COMMON} | {
    f"microsoft.graph.{kind}attachment/{name.lower()}": (kind, name)
    for kind, names in DERIVED.items()
    for name in names
}
# Given only when selected, since it is long.
ON_REQUEST = ("internetMessageHeaders",)


def message_json(message: GraphMessage, prefer: Prefer, select: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Write a message; its id is the one that the client prefers."""
    known = {**_letter(message), **_state(message), **_body(message, prefer)}
    message_id = message.ids.of(immutable=prefer.immutable)
    etag = {"@odata.etag": f'W/"{known["changeKey"]}"'}
    if select is None:
        return etag | {"id": message_id} | {name: known[name] for name in known if name not in ON_REQUEST}
    by_name = {name.lower(): name for name in (*known, "id")}
    for name in select:
        if name.lower() not in by_name:
            raise unknown_property(name, "message")
    names = [by_name[name.lower()] for name in select]
    return etag | {"id": message_id} | {name: known[name] for name in names if name != "id"}


def unknown_property(name: str, of: str) -> InvalidRequest:
    """Refuse a property that this type does not have; the whole request fails ("Graph: Select")."""
    text = f"Could not find a property named '{name}' on type 'microsoft.graph.{of}'."
    return InvalidRequest(text, "RequestBroker--ParseUri")


def _letter(message: GraphMessage) -> dict[str, Any]:
    facts, received = message.facts, rfc3339(message.received)
    return {
        "subject": facts.subject,
        "from": _recipient(*facts.person("From")),
        "sender": _recipient(*facts.person("Sender" if facts.header("Sender") else "From")),
        "toRecipients": [_recipient(*person) for person in facts.addresses("To")],
        "ccRecipients": [_recipient(*person) for person in facts.addresses("Cc")],
        "bccRecipients": [],
        "replyTo": [_recipient(*person) for person in facts.addresses("Reply-To")],
        "internetMessageId": facts.header("Message-ID") or f"<{message.ids.immutable}@none.invalid>",
        "internetMessageHeaders": [{"name": name, "value": value} for name, value in facts.headers],
        "sentDateTime": facts.date() or received,
        "receivedDateTime": received,
        "createdDateTime": received,
        "lastModifiedDateTime": received,
    }


def _state(message: GraphMessage) -> dict[str, Any]:
    return {
        "changeKey": base64.b64encode(f"{message.ids.immutable[-28:]}:{message.version}".encode()).decode(),
        "conversationId": f"AAQk{_thread(message)}=",
        "parentFolderId": message.folder.folder_id,
        # "Graph: `hasAttachments` is false when a mail has inline attachments only".
        "hasAttachments": any(not part.is_inline for part in message.parts),
        "isDraft": message.is_draft,
        "isRead": False,
        "importance": "normal",
        "categories": [],
        "inferenceClassification": "focused",
        "flag": {"flagStatus": "notFlagged"},
    }


def _thread(message: GraphMessage) -> str:
    references = message.facts.header("References").split() or [message.facts.header("Message-ID")]
    return base64.urlsafe_b64encode((references[0] or message.ids.immutable).encode()).decode().rstrip("=")


def _body(message: GraphMessage, prefer: Prefer) -> dict[str, Any]:
    facts = message.facts
    text = facts.text if facts.text is not None else re.sub(r"<[^>]*>", "", facts.html or "")
    wanted = prefer.body or ("text" if facts.html is None else "html")
    shown = facts.html or f"<html><body>{html.escape(text)}</body></html>"
    content = text if wanted == "text" else shown
    return {"bodyPreview": text[:255], "body": {"contentType": wanted, "content": content}}


def _recipient(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name or address, "address": address}}


def part_json(
    message: GraphMessage,
    part: GraphPart,
    prefer: Prefer,
    select: tuple[str, ...] | None = None,
    *,
    with_item: bool = False,
) -> dict[str, Any]:
    """Write an attachment; without a `select` a file's whole `contentBytes` comes along ("Graph: Select")."""
    known = {"id": message.part_id(part, immutable=prefer.immutable), **_part_facts(message, part)}
    selected = _selected(part, select)
    if with_item and part.kind == "item":
        known["item"] = _item(part)
        selected.append("item")
    kind = {"@odata.type": f"#microsoft.graph.{part.kind}Attachment"}
    return kind | {name: known[name] for name in selected if name in known}


def _part_facts(message: GraphMessage, part: GraphPart) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": part.name,
        "contentType": part.content_type,
        "size": part.size,
        "isInline": part.is_inline,
        "lastModifiedDateTime": rfc3339(message.received),
    }
    if part.kind == "file":
        facts |= {"contentId": part.content_id, "contentLocation": part.content_location}
        facts["contentBytes"] = base64.b64encode(part.data).decode()
    return facts


def check_part_select(select: tuple[str, ...] | None) -> None:
    """Refuse a property that attachments don't have, also where there is no attachment.

    "Graph: Select. Plain `$select=contentId` is 400 for the whole request"; with the cast it is known.
    """
    for asked in select or ():
        if asked.lower() not in _SELECTABLE:
            raise unknown_property(asked, "attachment")


def _selected(part: GraphPart, select: tuple[str, ...] | None) -> list[str]:
    if select is None:
        return [*COMMON, *(name for name in DERIVED[part.kind] if name != "item")]
    found = [_SELECTABLE[asked.lower()] for asked in select]
    return ["id", *(name for kind, name in found if kind in {"", part.kind} and name != "id")]


def _item(part: GraphPart) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.{part.item_kind}", "subject": part.name}


def folder_json(mailbox: GraphMailbox, folder: Folder) -> dict[str, Any]:
    """Write a folder."""
    count = len(list(mailbox.within(folder)))
    return {"id": folder.folder_id, "displayName": folder.name.title(), "totalItemCount": count, "childFolderCount": 0}
