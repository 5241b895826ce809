"""Uuencoded files inside a text: found and taken out in a stream."""

import re
from dataclasses import dataclass

from maildock.mime import charset, uuencode

_BEGIN = re.compile(rb"(?:\A|(?<=\n))begin [0-7]{3,4} ([^\r\n]{1,250})\r{0,2}\n")
_LONGEST_BEGIN = 300
_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A file in a text: its name, and the window of decoded bytes from `begin` to behind `end`."""

    name: str
    start: int
    size: int


class BlockFinder:
    """Passes text on and keeps valid blocks back; a block counts once its `end` has come, else it stays text."""

    def __init__(self, most: int, hold: int) -> None:
        """Find at most `most` blocks; hold up to `hold` bytes of one that may yet turn out to be text."""
        self.blocks: list[Block] = []
        self.lossy = False  # text had to be dropped: it looked like a block longer than `hold`, and was none
        self._most = most
        self._hold = hold
        self._offset = 0  # of the first byte of _rest
        self._rest = b""
        self._line_start = True
        self._name: bytes | None = None
        self._begun = 0
        self._lines = 0
        self._held = bytearray()
        self._room = hold

    def feed(self, chunk: bytes) -> bytes:
        """Take text, return the text outside of blocks."""
        data = self._rest + chunk
        kept: list[bytes] = []
        at = 0
        while (after := self._block(data, at, kept) if self._name else self._text(data, at, kept)) is not None:
            at = after
        at = len(data) - len(self._rest)
        self._offset += at
        return b"".join(kept)

    def finish(self) -> bytes:
        """Return what was held back: a block without an end is text."""
        kept = [bytes(self._held), self._rest]
        if self._name and self._rest.rstrip() == b"end" and self._lines:
            self._accept(self._offset + len(self._rest))
            kept = []
        self.lossy |= self._name is not None and self._room < 0
        self._held, self._rest, self._name = bytearray(), b"", None
        return b"".join(kept)

    def _text(self, data: bytes, at: int, kept: list[bytes]) -> int | None:
        """Look for a begin line from `at` on; without one keep back only what may be the start of one."""
        found = _BEGIN.search(data, at) if len(self.blocks) < self._most else None
        while found and found.start() == 0 and not self._line_start:
            found = _BEGIN.search(data, found.end() - 1)
        if found:
            kept.append(data[at : found.start()])
            self._name, self._begun, self._lines = found[1], self._offset + found.start(), 0
            self._held, self._room = bytearray(), self._hold
            self._keep(found.group())
            return found.end()
        last = data.rfind(b"\n", at) + 1 or at
        rest = data[last:]
        starts_line = last > 0 or self._line_start
        if not starts_line or len(rest) > _LONGEST_BEGIN or not _may_begin(rest):
            last, rest = len(data), b""
            starts_line = data.endswith(b"\n") if data else self._line_start
        kept.append(data[at:last])
        self._rest, self._line_start = rest, starts_line
        return None

    def _block(self, data: bytes, at: int, kept: list[bytes]) -> int | None:
        """Read one line of a block that has begun."""
        end = data.find(b"\n", at)
        if end < 0 and len(data) - at <= _LONGEST_LINE:
            self._rest = data[at:]
            self._line_start = True
            return None
        line = data[at:end].rstrip(b"\r") if end >= 0 else b"~"
        if line.rstrip() == b"end" and self._lines:
            self._accept(self._offset + end + 1)
            return end + 1
        if uuencode.fits(line, stripped=True) or line.strip() in {b"", b"`"}:
            self._lines += 1
            self._keep(data[at : end + 1])
            return end + 1
        kept.append(bytes(self._held))
        self.lossy |= self._room < 0
        self._name, self._held = None, bytearray()
        return at

    def _keep(self, line: bytes) -> None:
        if len(line) <= self._room:
            self._held += line
        self._room -= len(line)

    def _accept(self, end: int) -> None:
        name = charset.scrub(charset.header_text(self._name or b""))
        self.blocks.append(Block(name, self._begun, end - self._begun))
        self._name, self._held = None, bytearray()


def _may_begin(rest: bytes) -> bool:
    return rest[:6] == b"begin "[: len(rest)]
