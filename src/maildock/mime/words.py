"""Header text in Unicode: encoded words (RFC 2047), also where they are broken."""

import re

from maildock.mime import charset
from maildock.mime.base64 import Base64
from maildock.mime.quopri import QuotedPrintable

# Bounded repeats keep a header full of openings linear; the end of a word may be cut off.
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?((?:[^?]|\?(?!=)){0,4000}+)(?:\?=|\Z)")


def text(raw: bytes | None, limit: int = 1 << 14) -> str:
    """Decode a header field of at most `limit` bytes; what is longer is cut."""
    if not raw:
        return ""
    return decode(charset.header_text(raw[:limit]))


def decode(value: str) -> str:
    """Decode the encoded words in `value`; adjacent ones are one text, also when they part a character."""
    if "=?" not in value:
        return charset.scrub(value)
    pieces: list[str] = []
    run = _Run()
    end = 0
    for word in _WORD.finditer(value):
        gap = value[end : word.start()]
        if gap.strip() or not run.takes(word):
            pieces += [run.flush(), gap if gap.strip() or not end else ""]
        run.add(word)
        end = word.end()
    return charset.scrub("".join([*pieces, run.flush(), value[end:]]))


class _Run:
    """Adjacent encoded words of one charset and encoding: their bytes are joined before they become text."""

    def __init__(self) -> None:
        self._label = ""
        self._base64 = False
        self._words: list[bytes] = []

    def takes(self, word: re.Match[str]) -> bool:
        return not self._words or (self._label, self._base64) == _kind(word)

    def add(self, word: re.Match[str]) -> None:
        self._label, self._base64 = _kind(word)
        self._words.append(word[3].encode("utf-8", "replace"))

    def flush(self) -> str:
        words, self._words = self._words, []
        if not words:
            return ""
        codec = Base64() if self._base64 else QuotedPrintable()
        data = b"".join([codec.feed(word if self._base64 else word.replace(b"_", b" ")) for word in words])
        return charset.decode(data + codec.finish(), self._label)


def _kind(word: re.Match[str]) -> tuple[str, bool]:
    return word[1].partition("*")[0].lower(), word[2] in "bB"
