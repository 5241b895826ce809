"""Mails too big to build: their bytes are made when they are read."""

import io


class Repeated(io.RawIOBase):
    """A seekable file of `head`, then `unit` over and over for `size` bytes, then `tail`; holds nothing of it."""

    def __init__(self, head: bytes, unit: bytes, size: int, tail: bytes = b"") -> None:
        self._head, self._tail = head, tail
        self._unit = unit * max(1, 65536 // len(unit))
        self._body = size
        self._at = 0
        self.size = len(head) + size + len(tail)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self._at + size, self.size)
        pieces = []
        while self._at < end:
            pieces.append(self._piece(end))
            self._at += len(pieces[-1])
        return b"".join(pieces)

    def _piece(self, end: int) -> bytes:
        at = self._at
        if at < len(self._head):
            return self._head[at : min(end, len(self._head))]
        at -= len(self._head)
        if at < self._body:
            start = at % len(self._unit)
            return self._unit[start : start + min(end - self._at, self._body - at)]
        at -= self._body
        return self._tail[at : at + end - self._at]
