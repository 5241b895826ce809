"""Header text in Unicode: encoded words (RFC 2047), also where they are broken.

"Wire text" is the raw bytes of a header as Latin-1, one character a byte, so that nothing is guessed too early.
"""

import re

from maildock.mime import charset
from maildock.mime.base64 import Base64
from maildock.mime.quopri import QuotedPrintable

# Bounded repeats keep a header full of openings linear; the end of a word may be cut off. The look ahead keeps what it
# found as a possessive repeat would, which before Python 3.11.5 swallows the end of the word.
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?(?=((?:[^?]|\?(?!=)){0,4000}))\3(?:\?=|\Z)")


def text(raw: bytes | None, label: str = "", limit: int = 1 << 14) -> str:
    """Decode a header field of at most `limit` bytes, raw 8-bit text by the charset `label`; what is longer is cut."""
    return decode_wire((raw or b"")[:limit].decode("latin-1"), label)


def decode_wire(wire: str, label: str = "") -> str:
    """Decode wire text: its encoded words, and the raw 8-bit text between them, which may be in the charset `label`."""
    if "=?" not in wire:
        return charset.scrub(_raw_text(wire, label))
    pieces = _pieces(wire, "latin-1")
    return charset.scrub("".join(piece if done else _raw_text(piece, label) for piece, done in pieces))


def decode(value: str) -> str:
    """Decode the encoded words in what is Unicode already."""
    if "=?" not in value:
        return charset.scrub(value)
    return charset.scrub("".join(piece for piece, _ in _pieces(value, "utf-8")))


def _raw_text(wire: str, label: str) -> str:
    if wire.isascii() and "\x1b" not in wire:
        return wire
    return charset.header_text(wire.encode("latin-1"), label)


def _pieces(value: str, codec: str) -> list[tuple[str, bool]]:
    """Cut `value` into decoded words (True) and the text between; adjacent words of one kind are one piece."""
    pieces: list[tuple[str, bool]] = []
    run = _Run(codec)
    end = 0
    for word in _WORD.finditer(value):
        gap = value[end : word.start()]
        if gap.strip() or not run.takes(word):
            pieces += [(run.flush(), True), (gap if gap.strip() or not end else "", False)]
        run.add(word)
        end = word.end()
    return [*pieces, (run.flush(), True), (value[end:], False)]


class _Run:
    """Adjacent encoded words of one charset and encoding: their bytes are joined before they become text."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._kind = ("", False)
        self._words: list[bytes] = []

    def takes(self, word: re.Match[str]) -> bool:
        return not self._words or self._kind == _kind(word)

    def add(self, word: re.Match[str]) -> None:
        self._kind = _kind(word)
        self._words.append(word[3].encode(self._codec, "replace"))

    def flush(self) -> str:
        words, self._words = self._words, []
        label, is_base64 = self._kind
        if not words:
            return ""
        codec = Base64() if is_base64 else QuotedPrintable()
        data = b"".join([codec.feed(word if is_base64 else word.replace(b"_", b" ")) for word in words])
        return charset.decode(data + codec.finish(), label)


def _kind(word: re.Match[str]) -> tuple[str, bool]:
    return word[1].partition("*")[0].lower(), word[2] in "bB"
