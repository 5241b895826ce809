"""A message as `messages.get` describes it: its JSON read once into a tree of parts, without recursion.

A part's id is its `partId`, and `root` for the root, whose own is empty.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from maildock.domain.errors import MaildockError
from maildock.mime import envelope
from maildock.mime.charset import scrub
from maildock.mime.header import Header
from maildock.mime.walk import DEEPEST, Leaf, Multipart, PartHeader
from maildock.providers import fields
from maildock.providers.base64_text import Base64Text
from maildock.providers.headers import header_of

ROOT = "root"
MOST_PARTS = 20_000
MOST_READ_RAW = 20
_PART_ID = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5}))*", re.ASCII)
_TYPE = re.compile(r"[a-z0-9!#$%&'*+.^_`{|}~-]{1,100}/[a-z0-9!#$%&'*+.^_`{|}~-]{1,100}")
_MILLISECONDS = re.compile(r"[0-9]{1,14}")
_DECODED = frozenset({"content-transfer-encoding"})


class Unreadable(MaildockError):
    """The description of the message cannot be used; its raw form has to be."""


@dataclass(frozen=True, slots=True)
class Content:
    """Where the bytes of a part are: `data`, still base64, or behind the short-lived `handle`."""

    handle: str = ""
    data: str | None = None
    size: int = 0

    @property
    def is_told(self) -> bool:
        """Whether there is a way to the bytes."""
        return self.data is not None or bool(self.handle)

    def decoded(self) -> bytes:
        """Decode what came with the message."""
        codec = Base64Text()
        return codec.feed((self.data or "").encode("ascii", "replace")) + codec.finish()


@dataclass
class GmailHeader(PartHeader):
    """A part's header, with the name that Gmail read out of it; `is_utf8` whatever charset it still names."""

    file_name: str = ""
    is_utf8: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the content type."""
        return super().parameters | ({"charset": "utf-8"} if self.is_utf8 else {})

    @property
    def name(self) -> str:
        """The file name as Gmail has decoded it, or else as the header has it."""
        return self.file_name or super().name


@dataclass(frozen=True, slots=True)
class Node:
    """A leaf of the message: what `mime` judges it by, and where its bytes are.

    `subject` is an attached mail's; the parts inside of it are not listed.
    """

    leaf: Leaf
    header: GmailHeader
    content: Content
    subject: str = ""
    has_parts: bool = False

    @property
    def only_raw_has(self) -> bool:
        """Whether the exact bytes are in the raw message alone: attached mails, and what is told in pieces only."""
        if self.leaf.header.content_type.startswith("message/"):
            return True
        return not self.content.is_told and (self.has_parts or self.content.size > 0)


@dataclass(frozen=True, slots=True)
class About:
    """What Gmail alone knows of a message: `received_ms` is since 1970, `None` where it is missing."""

    thread_id: str | None
    labels: frozenset[str]
    received_ms: int | None


@dataclass(frozen=True, slots=True)
class Described:
    """A message; `nodes` are its leaves in order."""

    about: About
    header: Header
    nodes: tuple[Node, ...] = field(repr=False)
    has_many_mails: bool = False

    def is_read_raw(self, node: Node) -> bool:
        """Say whether a part is cut out of the raw message.

        Of very many attached mails each is taken as Gmail has cut it out, or one mail would be read a thousand times.
        """
        return node.only_raw_has and not (self.has_many_mails and node.content.is_told)


@dataclass(frozen=True, slots=True)
class _Place:
    part: dict[str, Any]
    parent: Multipart | None
    index: int


def read_tree(answer: bytes | bytearray) -> Described:
    """Read the answer of `messages.get?format=full`. Raises `Unreadable`."""
    try:
        content = json.loads(answer)
    except (ValueError, RecursionError) as problem:
        raise Unreadable from problem
    payload = content.get("payload") if isinstance(content, dict) else None
    if not isinstance(payload, dict):
        raise Unreadable("the message has no payload")
    nodes = tuple(_nodes(payload))
    many = sum(node.only_raw_has for node in nodes) > MOST_READ_RAW
    return Described(about(content), _header(payload, whole=True), nodes, many)


def about(content: dict[str, Any]) -> About:
    """Read what every format of a message has."""
    thread_id, received = content.get("threadId"), str(content.get("internalDate"))
    return About(
        thread_id=scrub(thread_id) if isinstance(thread_id, str) else None,
        labels=frozenset(fields.texts(content, "labelIds")),
        received_ms=int(received) if _MILLISECONDS.fullmatch(received) else None,
    )


def _nodes(payload: dict[str, Any]) -> Iterator[Node]:
    waiting = [_Place(payload, None, 1)]
    known: set[str] = set()
    while waiting:
        place = waiting.pop()
        part_id = place.part.get("partId", "")
        if not isinstance(part_id, str) or (part_id or ROOT) in known or not _fits(part_id, place):
            raise Unreadable("the parts have no proper ids")
        if len(known) == MOST_PARTS:
            return
        known.add(part_id or ROOT)
        header = _gmail_header(place.part)
        below = fields.objects(place.part, "parts")
        content = _content(place.part)
        depth = place.parent.depth + 1 if place.parent else 0
        opened = bool(below) and not header.content_type.startswith("message/")
        if opened and depth > DEEPEST:
            raise Unreadable("the parts nest too deeply")
        if not opened or content.data or content.handle:
            leaf = Leaf(part_id or ROOT, header, 0, 0, place.parent, place.index)
            yield Node(leaf, header, content, _subject(below), bool(below))
        if opened:
            subtype = header.content_type.partition("/")[2]
            node = Multipart(subtype, part_id, b"", place.parent, depth, len(below), header)
            waiting += reversed([_Place(child, node, index) for index, child in enumerate(below, 1)])


def _fits(part_id: str, place: _Place) -> bool:
    """Say whether an id can be that of its place: only the root has none, and none is longer than a tree is deep."""
    if place.parent is None:
        return part_id == ""
    return bool(_PART_ID.fullmatch(part_id)) and part_id.count(".") <= DEEPEST


def _gmail_header(part: dict[str, Any]) -> GmailHeader:
    mime_type = str(part.get("mimeType") or "").strip().lower()
    return GmailHeader(
        _header(part),
        mime_type if _TYPE.fullmatch(mime_type) else "text/plain",
        fields.text(part, "filename"),
    )


def _header(part: dict[str, Any], *, whole: bool = False) -> Header:
    """Build a part's header; it says nothing of a transfer encoding, since Gmail's bytes are decoded."""
    known = [(fields.text(one, "name"), fields.text(one, "value")) for one in fields.objects(part, "headers")]
    return header_of(known if whole else [one for one in known if one[0].strip().lower() not in _DECODED])


def _content(part: dict[str, Any]) -> Content:
    body = fields.inside(part, "body")
    handle, data, declared = fields.text(body, "attachmentId"), body.get("data"), fields.number(body, "size") or 0
    return Content(
        handle if handle.isascii() else "",
        data if isinstance(data, str) and (data or not declared) else None,
        declared,
    )


def _subject(below: list[dict[str, Any]]) -> str:
    return envelope.subject(_header(below[0])).replace("/", "-").replace("\\", "-") if below else ""
