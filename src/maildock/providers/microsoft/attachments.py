"""What Graph's attachments are to a helpdesk."""

import re
from collections.abc import Sequence
from html import unescape

from maildock.domain.errors import AttachmentError
from maildock.domain.ids import LIMIT
from maildock.domain.message import Part, PartKind
from maildock.mime import roles
from maildock.mime.evidence import references, shows
from maildock.mime.names import clean_name
from maildock.mime.plain import plain_text
from maildock.providers.microsoft.client import Graph, key
from maildock.providers.microsoft.items import TYPE, Letter, Listed

BODY_ID = "body"
ITEM = "microsoft.graph.itemattachment/item"
# `$value` gives an item as MIME, as iCalendar or as vCard.
_ITEMS = {
    "message": ("message/rfc822", ".eml"),
    "event": ("text/calendar", ".ics"),
    "contact": ("text/vcard", ".vcf"),
}
_UNKNOWN = "application/octet-stream"
_LINK = re.compile(r"<a\b[^>]{0,4000}?\bhref\s*=\s*[\"']([^\"'<>]{1,4000})[\"'][^>]{0,4000}>", re.IGNORECASE)
_MOST_LINKS = 1000

# A body that is too long to be shown is kept whole as a file; by whether it is HTML.
BODY = {
    is_html: Part(BODY_ID, "", f"body.{extension}", content_type)
    for is_html, extension, content_type in ((True, "html", "text/html"), (False, "txt", "text/plain"))
}


async def parts_of(graph: Graph, message: str, letter: Letter, listed: Sequence[Listed], more: bool) -> list[Part]:
    """Give a ledger row's facts for each attachment; `more` than these make one row for the rest."""
    shown = references(letter.body) if letter.is_html else frozenset()
    found = [await _part(graph, message, letter, one, number, shown) for number, one in enumerate(listed, 1)]
    if more:
        detail = "at least 1 more part"
        found.append(Part(LIMIT, "", "more-parts", _UNKNOWN, kind=PartKind.LIMIT, detail=detail))
    return found


async def _part(graph: Graph, message: str, letter: Letter, one: Listed, number: int, shown: frozenset[str]) -> Part:
    stem = f"attachment-{number}"
    if one.kind == "item":
        content_type, extension = await _item(graph, message, one)
        name = clean_name(one.name.replace("/", "-").replace("\\", "-"), content_type, stem)
        named = name if name.lower().endswith(extension) else clean_name(name + extension, content_type, stem)
        return Part(one.attachment_id, one.kind, named, content_type, one.size)
    content_type = one.content_type or _UNKNOWN
    name = clean_name(one.name, content_type, stem)
    part = Part(one.attachment_id, one.kind, name, content_type, one.size, content_id=one.content_id)
    if one.kind == "reference":
        return _with(part, PartKind.REFERENCE_LINK, _link(letter, one.name))
    if one.kind != "file":
        return _with(part, PartKind.UNSUPPORTED, f"an attachment of type {one.kind or 'unknown'}")
    kind = roles.kind_of(content_type, one.name)
    inline = kind is PartKind.FILE and shows(shown, one.content_id, one.content_location)
    return _with(part, kind, "", shown_inline=inline)


def _with(part: Part, kind: PartKind, detail: str, *, shown_inline: bool = False) -> Part:
    return Part(
        part.attachment_id,
        part.locator,
        part.file_name,
        part.content_type,
        part.size,
        content_id=part.content_id,
        kind=kind,
        shown_inline=shown_inline,
        detail=detail,
    )


async def _item(graph: Graph, message: str, one: Listed) -> tuple[str, str]:
    """Find out what an attached item is; one that Graph does not open is taken for a mail."""
    try:
        content = await graph.ask("GET", f"{message}/attachments/{key(one.attachment_id)}?$expand={ITEM}")
    except AttachmentError:
        return _ITEMS["message"]
    item = content.get("item")
    kind = str(item.get("@odata.type", "")).removeprefix(TYPE) if isinstance(item, dict) else ""
    # Meeting requests are messages of a kind of their own.
    return _ITEMS.get(kind, _ITEMS["message"])


def _link(letter: Letter, name: str) -> str:
    """Give where a linked file is, if the body has a link that is called like it; else only that it is a link."""
    if letter.is_html and name:
        for number, found in enumerate(_LINK.finditer(letter.body)):
            if number == _MOST_LINKS:
                break
            end = letter.body.find("</a", found.end(), found.end() + 4000)
            text = plain_text(letter.body[found.end() : end]) if end >= 0 else ""
            if name.strip() == text.strip() and found[1].lower().startswith(("https://", "http://")):
                return unescape(found[1])
    return "a link to a file that lies elsewhere"
