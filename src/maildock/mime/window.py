"""A sliding view on a seekable file: find and read at any offset while holding one block."""

import os
from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 1 << 18
_LINE_ENDS = b"\r\n"


class Window:
    """Offsets are absolute in the file; going forward costs one read per block, wherever the caller looks."""

    def __init__(self, source: BinaryIO) -> None:
        """Look at `source`, which must be seekable and must not change meanwhile."""
        self._source = source
        self.size = source.seek(0, os.SEEK_END)
        self._base = 0
        self._data = b""

    def find(self, needle: bytes, start: int) -> int:
        """Return the offset of the first `needle` (shorter than a block) at or after `start`, or -1."""
        while start + len(needle) <= self.size:
            data, at = self._at(start, len(needle))
            found = data.find(needle, at)
            if found >= 0:
                return self._base + found
            start = self._base + len(data) - len(needle) + 1
        return -1

    def find_line(self, needle: bytes, start: int) -> int:
        """Return the offset of the first line at or after `start` that begins with `needle`, or -1."""
        while start + len(needle) <= self.size:
            before = min(start, 1)
            data, at = self._at(start - before, len(needle) + before)
            # Base64 has none of the bytes that delimiters begin with, and a single byte is found ten times sooner.
            found = data.find(needle[:1], at + before)
            if found >= 0:
                found = data.find(needle, found)
            while found > 0 and data[found - 1] not in _LINE_ENDS:
                found = data.find(needle, found + 1)
            if found >= 0:
                return self._base + found
            start = self._base + len(data) - len(needle) + 1
        return -1

    def peek(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start` on, fewer only at the end of the file."""
        if size > BLOCK:
            return b"".join(self.chunks(start, min(start + size, self.size)))
        data, at = self._at(start, min(size, max(self.size - start, 0)))
        return data[at : at + size]

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of `[start, end)` in blocks."""
        while start < end:
            self._source.seek(start)
            chunk = self._source.read(min(BLOCK, end - start))
            if not chunk:
                return
            yield chunk
            start += len(chunk)

    def _at(self, start: int, size: int) -> tuple[bytes, int]:
        """Return the held block and the index of `start` in it; at least `size` bytes follow that index."""
        if not self._base <= start <= start + size <= self._base + len(self._data):
            self._source.seek(start)
            self._data = self._source.read(BLOCK)
            self._base = start
        return self._data, start - self._base
