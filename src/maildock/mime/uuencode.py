"""Uuencoded data: decoded in a stream, and its blocks found in a text."""

import binascii
import re

_BEGIN = re.compile(rb"begin(?:-base64)? [0-7]{3,4} [^\r\n]{1,250}")
_FIRST, _LAST = 32, 96  # the alphabet: blank to back quote
_LONGEST_LINE = 1 << 12


def is_begin(line: bytes) -> bool:
    """Say whether a line, without its end, opens a block: `begin <mode> <name>`."""
    return _BEGIN.fullmatch(line.rstrip()) is not None


def fits(line: bytes, *, stripped: bool = False) -> bool:
    """Say whether a line is as long as its first character says, give or take padding.

    A blank stands for zero, so a line that was `stripped` on its way may be as much shorter as it ends in zeros.
    """
    if not line or not _FIRST <= line[0] <= _LAST or max(line) > _LAST:
        return False
    encoded = (((line[0] - 32) & 63) + 2) // 3 * 4
    return len(line.rstrip()) - 1 <= encoded + 2 and (stripped or encoded - 4 <= len(line) - 1)


def decode_line(line: bytes) -> bytes:
    """Decode one line; one that cannot be decoded yields nothing."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    exact = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:exact])
    except binascii.Error:
        return b""


class Uuencode:
    """Everything before `begin` and after `end` is left out; a begin line may be missing."""

    def __init__(self) -> None:
        self._line = b""
        self._inside = False
        self._ended = False

    def feed(self, chunk: bytes) -> bytes:
        """Take encoded bytes, return decoded ones."""
        if self._ended:
            return b""
        lines = chunk.split(b"\n")
        lines[0] = self._line + lines[0]
        self._line = lines.pop()[:_LONGEST_LINE]
        return b"".join(map(self._decode, lines))

    def finish(self) -> bytes:
        """Return what the last line, without a line end, holds."""
        line, self._line = self._line, b""
        return self._decode(line)

    def _decode(self, line: bytes) -> bytes:
        line = line[:_LONGEST_LINE].rstrip(b"\r")
        if self._ended or not line:
            return b""
        if not self._inside:
            self._inside = is_begin(line) or (len(line) > 1 and fits(line))
            return decode_line(line) if self._inside and not is_begin(line) else b""
        if line.rstrip() == b"end":
            self._ended = True
            return b""
        return decode_line(line)
