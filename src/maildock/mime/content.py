"""Where the bytes of a part lie in its raw message, and how they are decoded.

A locator is kept in the ledger row and is all that a later download needs: `1234+5678;base64` says 5,678 encoded bytes
from offset 1,234 on; `;90+12` behind it says that only 12 of the decoded bytes, from the 90th on, are the part (a
uuencoded block in a text body), which are then uuencoded themselves.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from maildock.mime.base64 import Base64
from maildock.mime.quopri import QuotedPrintable
from maildock.mime.uuencode import Uuencode

_LOCATOR = re.compile(r"(\d+)\+(\d+);([a-z0-9]+)(?:;(\d+)\+(\d+))?", re.ASCII)
_NAMED = re.compile(rb"(?:\([^)]*\)|[\s\"'])*([a-z0-9-]+)", re.IGNORECASE)


class Codec(Protocol):
    """A transfer encoding, undone in a stream; how the bytes are cut into chunks never matters."""

    def feed(self, chunk: bytes) -> bytes:
        """Take encoded bytes, return decoded ones."""
        ...

    def finish(self) -> bytes:
        """Return what was held back."""
        ...


class Identity:
    """7bit, 8bit, binary, and every encoding that nobody knows."""

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes as they are."""
        return chunk

    def finish(self) -> bytes:
        """Return nothing: nothing was held back."""
        return b""


_CODECS: dict[str, Callable[[], Codec]] = {
    "id": Identity,
    "base64": Base64,
    "qp": QuotedPrintable,
    "uu": Uuencode,
}
_ENCODINGS = {
    b"base64": "base64",
    b"quoted-printable": "qp",
    b"x-uuencode": "uu",
    b"uuencode": "uu",
    b"x-uue": "uu",
    b"uue": "uu",
}


@dataclass(frozen=True, slots=True)
class Locator:
    """The range `[start, end)` in the raw message, its encoding, and the window of decoded bytes if not all."""

    start: int
    end: int
    encoding: str = "id"
    window: tuple[int, int] | None = None

    def __str__(self) -> str:
        text = f"{self.start}+{self.end - self.start};{self.encoding}"
        return text if self.window is None else f"{text};{self.window[0]}+{self.window[1]}"

    @classmethod
    def parse(cls, text: str) -> "Locator":
        """Read a locator back; `ValueError` for anything that this module did not write."""
        found = _LOCATOR.fullmatch(text)
        if not found or found[3] not in _CODECS:
            raise ValueError(f"not a locator: {text!r}")
        start, size = int(found[1]), int(found[2])
        return cls(start, start + size, found[3], (int(found[4]), int(found[5])) if found[4] else None)


def encoding_of(header: bytes | None) -> str:
    """Return our short name for a Content-Transfer-Encoding; unknown ones change nothing (RFC 2045, 6.4)."""
    found = _NAMED.match(header or b"")
    return _ENCODINGS.get(found[1].lower(), "id") if found else "id"


def byte_range(locator: str) -> tuple[int, int]:
    """Return where the encoded bytes lie in the raw message: `[start, end)`."""
    parsed = Locator.parse(locator)
    return parsed.start, parsed.end


def decode(locator: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the decoded bytes, never an empty chunk; `chunks` are the raw bytes of exactly `byte_range(locator)`."""
    decoder = Decoder(locator)
    for chunk in chunks:
        if decoded := decoder.feed(chunk):
            yield decoded
    if decoded := decoder.finish():
        yield decoded


class Decoder:
    """Decodes the bytes of one part, pushed in chunks of any size."""

    def __init__(self, locator: str) -> None:
        parsed = Locator.parse(locator)
        self._codec = _CODECS[parsed.encoding]()
        self._inner: Codec = Identity() if parsed.window is None else Uuencode()
        self._skip, self._left = parsed.window or (0, -1)

    def feed(self, chunk: bytes) -> bytes:
        """Take encoded bytes, return decoded ones."""
        return self._inner.feed(self._clip(self._codec.feed(chunk)))

    def finish(self) -> bytes:
        """Return what was held back until the end."""
        return self._inner.feed(self._clip(self._codec.finish())) + self._inner.finish()

    def _clip(self, data: bytes) -> bytes:
        if self._left < 0:
            return data
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        data = data[skipped : skipped + self._left]
        self._left -= len(data)
        return data
