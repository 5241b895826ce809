"""The base64 of Google's JSON, decoded in a stream (RFC 4648, 5): with padding or without, and nothing else in it."""

import binascii

import pybase64

from maildock.domain.errors import Corrupt

_PADDING = ord("=")


class Base64Url:
    """Whoever drops bad characters returns another file: here they are an error."""

    def __init__(self) -> None:
        self._rest = b""
        self._padded = False

    def feed(self, text: bytes) -> bytes:
        """Take encoded bytes, return decoded ones; `Corrupt` at the first that is no base64."""
        if self._padded and text:
            raise Corrupt("there is base64 after the padding")
        # The other alphabet's: libraries take them, some with a warning.
        if b"+" in text or b"/" in text:
            raise Corrupt("there is base64 of another alphabet")
        data = self._rest + text if self._rest else text
        cut = len(data) & ~3
        self._rest = data[cut:]
        self._padded = cut > 0 and data[cut - 1] == _PADDING
        if self._padded and self._rest:
            raise Corrupt("there is base64 after the padding")
        return _decoded(memoryview(data)[:cut])

    def finish(self) -> bytes:
        """Return what was held back; a lone character, or half of the padding, is `Corrupt`."""
        rest, self._rest = self._rest, b""
        if len(rest) == 1 or _PADDING in rest:
            raise Corrupt("the base64 breaks off")
        return _decoded(rest + b"=" * (-len(rest) % 4))


def _decoded(text: bytes | memoryview) -> bytes:
    try:
        return pybase64.b64decode(text, b"-_", validate=True)
    except binascii.Error as error:
        raise Corrupt("there is no base64 where some was promised") from error
