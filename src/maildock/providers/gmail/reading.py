"""From Gmail's description of a message to an `InboundMessage`, by the same rules as raw mail. Asks nobody.

The texts are laid one behind the other, already decoded; `mime` reads them there as it reads those of raw mail.
"""

import codecs
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import BinaryIO

from maildock.domain.message import InboundMessage, Part
from maildock.mime import roles
from maildock.mime.charset import codec_name
from maildock.mime.content import Locator
from maildock.mime.reader import MOST_LEAVES, Reading, part_name, walk_message
from maildock.mime.roles import Role
from maildock.mime.walk import Leaf
from maildock.mime.window import Window
from maildock.providers.gmail.labels import ignored
from maildock.providers.gmail.raw import part_id
from maildock.providers.gmail.tree import About, Described, Node

MOST_PARTS = 1000
# How the locators begin of parts that are read out of others.
IN_RAW = "raw;"
IN_TEXT = "uu;"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TextRange:
    """Notes where a text lies among the others, and whether its charset is still the one that its header says.

    Gmail gives most texts in UTF-8 and leaves the header as it was. Text in another charset that happens to be UTF-8
    beyond ASCII is as good as none.
    """

    def __init__(self, node: Node, start: int) -> None:
        self._node = node
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._valid, self._beyond_ascii, self._has_zeros = True, False, False
        node.leaf.start = node.leaf.end = start

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the text."""
        self._node.leaf.end += len(data)
        self._beyond_ascii |= not data.isascii()
        self._has_zeros |= b"\x00" in data
        self._decode(data)

    def finish(self) -> None:
        """Judge by all that came."""
        self._decode(b"", last=True)
        codec = codec_name(self._node.header.parameters.get("charset", "")) or ""
        # Wide characters of western text are half zeros.
        narrowed = codec.startswith(("utf-16", "utf-32")) and not self._has_zeros
        self._node.header.is_utf8 = self._valid and (self._beyond_ascii or narrowed)

    def _decode(self, data: bytes, *, last: bool = False) -> None:
        try:
            if self._valid:
                self._decoder.decode(data, last)
        except UnicodeDecodeError:
            self._valid = False


def texts(described: Described) -> list[Node]:
    """Choose the parts whose bytes are needed to read the message, as `Reading` will."""
    judged = [(node, roles.role(node.leaf)) for node in described.nodes]
    read = [node for node, role in judged if role is Role.BODY or _is_shown_too(node, role)][:MOST_PARTS]
    return read or [node for node, role in judged if role is Role.NAMED_BODY][:1]


def read_here(described: Described) -> InboundMessage:
    """Read a message whose texts came with its description."""
    laid_out = io.BytesIO()
    for node in texts(described):
        place = TextRange(node, laid_out.tell())
        data = node.content.decoded()
        laid_out.write(data)
        place.feed(data)
        place.finish()
    return read_laid_out(described, laid_out)


def read_laid_out(described: Described, source: BinaryIO) -> InboundMessage:
    """Read a message whose texts lie in `source`, where a `TextRange` has noted each."""
    nodes = {node.leaf.position: node for node in described.nodes}
    reading = Reading(Window(source), MOST_PARTS, partial(_part, nodes))
    for node in described.nodes:
        reading.take(node.leaf)
    message = reading.message(described.header)
    parts = tuple(_within_its_text(part, nodes) for part in message.parts)
    return _with_envelope(replace(message, parts=parts), described.about)


def read_raw(source: BinaryIO, known: About) -> InboundMessage:
    """Read a message from its raw form, with the ids that its description would give its parts."""
    window = Window(source)
    root, walk = walk_message(window)
    reading = Reading(window, MOST_PARTS)
    is_root = False
    for leaf in islice(walk.leaves(), MOST_LEAVES):
        is_root = leaf.parent is None
        reading.take(leaf)
    message = reading.message(replace(root, charset=walk.charset))
    parts = tuple(_in_raw(part, is_root=is_root) for part in message.parts)
    return _with_envelope(replace(message, parts=parts), known)


def _is_shown_too(node: Node, role: Role) -> bool:
    return role is Role.NAMED_BODY and roles.is_alternative(node.leaf)


def _part(nodes: dict[str, Node], _: Window, leaf: Leaf) -> Part:
    """Offer a leaf as a file."""
    node = nodes[leaf.position]
    content_type = leaf.header.content_type
    if content_type.startswith("multipart/"):
        content_type = "text/plain"
    return Part(
        attachment_id=leaf.position,
        locator="",
        file_name=part_name(leaf, content_type, lambda: node.subject),
        content_type=content_type,
        size=node.content.size if node.content.is_told else None,
        disposition=leaf.header.text("content-disposition").partition(";")[0].strip().lower(),
        content_id=leaf.header.text("content-id").strip(),
        kind=roles.kind(leaf),
    )


def _within_its_text(part: Part, nodes: dict[str, Node]) -> Part:
    """Say where in its own text a uuencoded file is, not where in all of them."""
    text, slash, _ = part.attachment_id.rpartition("/")
    if not slash:
        return part
    where = Locator.parse(part.locator)
    return replace(part, locator=f"{IN_TEXT}{where.start - nodes[text].leaf.start}+{where.end - where.start}")


def _in_raw(part: Part, *, is_root: bool) -> Part:
    if not part.locator:
        return part
    name = part_id(part.attachment_id, is_root=is_root)
    return replace(part, attachment_id=name, locator=IN_RAW + part.locator)


def _with_envelope(message: InboundMessage, known: About) -> InboundMessage:
    """Add what Gmail alone knows."""
    received = None if known.received_ms is None else _EPOCH + timedelta(milliseconds=known.received_ms)
    return replace(message, thread_id=known.thread_id, received_at=received, ignored=ignored(known.labels))
