"""A raw message, read in one walk into the `InboundMessage` that the flow files.

The bytes of the parts stay where they are: each `Part` has the locator that `content` opens them by.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from maildock.domain.errors import NotAMessage
from maildock.domain.message import InboundMessage, Part, PartKind
from maildock.mime import attached, envelope, header, roles
from maildock.mime.bodies import Bodies, locator
from maildock.mime.content import Locator
from maildock.mime.evidence import shows
from maildock.mime.filetypes import guess_type
from maildock.mime.header import Header
from maildock.mime.names import clean_name
from maildock.mime.plain import body_digest, plain_text
from maildock.mime.roles import Role
from maildock.mime.uublocks import Block
from maildock.mime.walk import Leaf, Walk
from maildock.mime.window import Window

_BOM = b"\xef\xbb\xbf"
_LINE_BREAKS = b"\r\n"
_FROM_LINE = re.compile(rb">?From [^\r\n]*+(?:\r?\r\n|\r|\n)")
MOST_LEAVES = 20_000


def read_message(source: BinaryIO, *, max_parts: int = 1000) -> InboundMessage:
    """Read the message in `source`, which must be seekable and stay unchanged meanwhile.

    Ids depend on the bytes only: the dotted position of each leaf, `1` for the only part, `1/2` for the second
    uuencoded file in part `1`; beyond `max_parts` one part `limit` stands for all the rest, and nothing is looked at
    behind twenty thousand leaves and uuencoded files. Raises `NotAMessage` when the bytes begin with no header line,
    and nothing else but what `source` itself raises.
    """
    window = Window(source)
    root, walk = walk_message(window)
    reading = Reading(window, max_parts)
    for leaf in islice(walk.leaves(), MOST_LEAVES):
        reading.take(leaf)
    return reading.message(replace(root, charset=walk.charset))


def walk_message(window: Window) -> tuple[Header, Walk]:
    """Give the header of the message in `window`, and the walk over it. Raises as `read_message`."""
    start = _first_line(window)
    root, body = header.read_header(window, start, header.ROOT_LIMIT)
    if not root.size:
        raise NotAMessage
    return root, Walk(window, root, body)


def _first_line(window: Window) -> int:
    """Return the offset of the first header line: behind a byte order mark, blank lines and an mbox's `From ` line."""
    start = len(_BOM) if window.peek(0, 3) == _BOM else 0
    look = window.peek(start, 1 << 12)
    start += len(look) - len(look.lstrip(_LINE_BREAKS))
    mbox = _FROM_LINE.match(window.peek(start, 1 << 12))
    return start + mbox.end() if mbox else start


@dataclass(frozen=True, slots=True)
class _Offered:
    part: Part
    location: str


class Reading:
    """What has been read of one message so far.

    `describe` makes the part that a leaf is offered as; texts are read from the range of `window` that a leaf names.
    """

    def __init__(self, window: Window, max_parts: int, describe: Callable[[Window, Leaf], Part] | None = None) -> None:
        self._window = window
        self._describe = describe or _leaf_part
        self._most = max_parts
        self._bodies = Bodies(window)
        self._offered: list[_Offered] = []
        self._leaves = 0
        self._beyond = 0
        self._named: Leaf | None = None
        self._root: Leaf | None = None

    def take(self, leaf: Leaf) -> None:
        """Read the next leaf."""
        self._leaves += 1
        role = roles.role(leaf)
        if role is Role.BODY and len(self._bodies) < self._most:
            self._read(leaf)
        elif role is Role.NAMED_BODY:
            if roles.is_alternative(leaf) and len(self._bodies) < self._most:
                self._bodies.read(leaf, 0)
            self._named = self._named or leaf
            self._offer_leaf(leaf)
        elif role is not Role.OTHER_FORM:
            self._offer_leaf(leaf)

    def message(self, root: Header) -> InboundMessage:
        """Give the message, once every leaf has been read."""
        if not len(self._bodies) and self._named:
            self._bodies.read(self._named, 0)
        text, shown = self._bodies.text(), self._bodies.html()
        visible = plain_text(shown) if shown else text
        return InboundMessage(
            message_id=envelope.message_id(root),
            in_reply_to=envelope.in_reply_to(root),
            references=envelope.references(root),
            subject=envelope.subject(root),
            sender=envelope.sender(root),
            recipients=envelope.recipients(root),
            date=envelope.date(root),
            body_text=text or visible,
            body_html=shown,
            body_digest=body_digest(visible),
            parts=tuple(self._parts()),
            automatic=envelope.is_automatic(root),
            auto_reply=envelope.is_auto_reply(root),
        )

    def _parts(self) -> list[Part]:
        references = self._bodies.references()
        parts = [
            replace(one.part, shown_inline=True)
            if one.part.kind is PartKind.FILE and shows(references, one.part.content_id, one.location)
            else one.part
            for one in self._offered
        ]
        if self._beyond:
            at_least = "at least " if self._leaves >= MOST_LEAVES else ""
            detail = f"{at_least}{self._beyond} more parts"
            parts.append(
                Part("limit", "", "more-parts", "application/octet-stream", kind=PartKind.LIMIT, detail=detail)
            )
        return parts

    def _read(self, leaf: Leaf) -> None:
        read = self._bodies.read(leaf, MOST_LEAVES - self._leaves)
        self._leaves += len(read.blocks)
        if read.cut:
            self._offer_leaf(leaf)
        for number, block in enumerate(read.blocks, 1):
            self._offer(_block_part(leaf, number, block))

    def _offer_leaf(self, leaf: Leaf) -> None:
        if len(self._offered) < self._most:
            self._offer(self._describe(self._window, leaf), leaf.header.text("content-location"))
        else:
            self._beyond += 1

    def _offer(self, part: Part, location: str = "") -> None:
        if len(self._offered) < self._most:
            self._offered.append(_Offered(part, location))
        else:
            self._beyond += 1


def _leaf_part(window: Window, leaf: Leaf) -> Part:
    where = locator(leaf)
    content_type = "message/rfc822" if leaf.whole else leaf.header.content_type
    if content_type.startswith("multipart/"):
        content_type = "text/plain"
    if content_type in attached.TYPES:
        where = attached.really_encoded(window, where)
    return Part(
        attachment_id=leaf.position,
        locator=str(where),
        file_name=part_name(leaf, content_type, lambda: "" if leaf.whole else attached.subject(window, where)),
        content_type=content_type,
        size=where.end - where.start if where.encoding == "id" else None,
        disposition=leaf.header.text("content-disposition").partition(";")[0].strip().lower(),
        content_id=leaf.header.text("content-id").strip(),
        kind=roles.kind(leaf),
    )


def part_name(leaf: Leaf, content_type: str, attached_subject: Callable[[], str]) -> str:
    """Name a leaf as a file; an attached message without a name by its subject, which has no slashes."""
    stem = f"attachment-{leaf.position}"
    if content_type in attached.TYPES:
        if leaf.header.name:
            return clean_name(leaf.header.name, content_type, stem)
        subject = attached_subject()
        return clean_name(f"{subject}.eml" if subject else "", content_type, stem)
    return clean_name(leaf.header.name or leaf.header.misplaced_name or _located_name(leaf), content_type, stem)


def _located_name(leaf: Leaf) -> str:
    """Return the last step of the Content-Location, for a part without a name."""
    return leaf.header.text("content-location").partition("?")[0].partition("#")[0].strip(" <>").removeprefix("cid:")


def _block_part(leaf: Leaf, number: int, block: Block) -> Part:
    whole = locator(leaf)
    if whole.encoding == "id":
        where = Locator(whole.start + block.start, whole.start + block.start + block.size, "uu")
    else:
        where = replace(whole, window=(block.start, block.size))
    content_type = guess_type(block.name.strip())
    name = clean_name(block.name, content_type, f"attachment-{leaf.position}-{number}")
    return Part(f"{leaf.position}/{number}", str(where), name, content_type)
