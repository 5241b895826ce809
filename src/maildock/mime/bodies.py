"""The message's own text: decoded in a stream, cut for display, searched for what it shows."""

import html
from collections.abc import Iterator
from dataclasses import dataclass

from maildock.mime import charset
from maildock.mime.content import Decoder, Locator, encoding_of
from maildock.mime.evidence import ReferenceScanner
from maildock.mime.uublocks import Block, BlockFinder
from maildock.mime.walk import Leaf, Multipart
from maildock.mime.window import Window

LONGEST_SHOWN = 1 << 20  # decoded bytes of either kind of text


@dataclass(frozen=True, slots=True)
class _Shown:
    text: str
    is_html: bool
    branches: tuple[tuple[Multipart, str], ...]  # each multipart/alternative above it, and the child that leads here


@dataclass(frozen=True, slots=True)
class ReadBody:
    """What reading one text leaf brought to light: whether it had to be cut, and the files inside it."""

    cut: bool
    blocks: tuple[Block, ...]


class Bodies:
    """Collects the text leaves of one message, in order."""

    def __init__(self, window: Window) -> None:
        """Read from `window`."""
        self._window = window
        self._shown: list[_Shown] = []
        self._references = ReferenceScanner()
        self._room = {False: LONGEST_SHOWN, True: LONGEST_SHOWN}

    def __len__(self) -> int:
        return len(self._shown)

    def read(self, leaf: Leaf, most_blocks: int) -> ReadBody:
        """Read one leaf; find at most `most_blocks` uuencoded files in it."""
        is_html = leaf.header.content_type == "text/html"
        label = leaf.header.parameters.get("charset", "")
        self._references.base = leaf.header.text("content-base") or leaf.header.text("content-location")
        finder = BlockFinder(0 if is_html else most_blocks, LONGEST_SHOWN)
        unicode = charset.TextDecoder(label)
        kept = bytearray()
        cut = False
        for data, last in self._decoded(leaf):
            if is_html:
                self._references.feed(unicode.decode(data, last))
            text = finder.feed(data) + (finder.finish() if last else b"")
            room = self._room[is_html] - len(kept)
            kept += text[:room]
            cut |= len(text) > room
        self._room[is_html] -= len(kept)
        shown = charset.decode(bytes(kept), label, cut=cut).removeprefix("\ufeff")
        self._shown.append(_Shown(_unix(shown), is_html, tuple(_branches(leaf))))
        return ReadBody(cut or finder.lossy, tuple(finder.blocks))

    def _decoded(self, leaf: Leaf) -> Iterator[tuple[bytes, bool]]:
        decoder = Decoder(str(locator(leaf)))
        for chunk in self._window.chunks(leaf.start, leaf.end):
            yield decoder.feed(chunk), False
        yield decoder.finish(), True

    def references(self) -> frozenset[str]:
        """Return what all the HTML read so far refers to."""
        return self._references.finish()

    def text(self) -> str:
        """Return the plain texts, joined in order; empty where there is only HTML."""
        return "\n".join(shown.text for shown in self._shown if not shown.is_html)

    def html(self) -> str:
        """Return the HTML texts, joined in order with the plain texts that no HTML stands for; empty without HTML."""
        if not any(shown.is_html for shown in self._shown):
            return ""
        covered: dict[int, set[str]] = {}
        for shown in self._shown:
            if shown.is_html:
                for node, child in shown.branches:
                    covered.setdefault(id(node), set()).add(child)
        return "\n".join(
            shown.text if shown.is_html else f'<div style="white-space: pre-wrap">{html.escape(shown.text)}</div>'
            for shown in self._shown
            if shown.is_html
            or (
                shown.text.strip() and not any(covered.get(id(node), set()) - {child} for node, child in shown.branches)
            )
        )


def locator(leaf: Leaf) -> Locator:
    """Return where the bytes of a leaf lie; a multipart that was not walked is taken with its header."""
    if leaf.whole:
        return Locator(leaf.head, leaf.end)
    return Locator(leaf.start, leaf.end, encoding_of(leaf.header.header.first("content-transfer-encoding")))


def _branches(leaf: Leaf) -> Iterator[tuple[Multipart, str]]:
    position, node = leaf.position, leaf.parent
    while node:
        if node.subtype == "alternative":
            yield node, position
        position, node = node.position, node.parent


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
