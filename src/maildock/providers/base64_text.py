"""The base64 of vendors' JSON, decoded in a stream (RFC 4648): with padding or without, and nothing else in it."""

import binascii

import pybase64

from maildock.domain.errors import Corrupt

_PADDING = ord("=")


STANDARD, URL_SAFE = b"+/", b"-_"


class Base64Text:
    """Decodes one of the two alphabets. Whoever drops bad characters returns another file: here they are an error."""

    def __init__(self, alphabet: bytes = URL_SAFE) -> None:
        self._alphabet = alphabet
        # The other alphabet's: libraries take them, some with a warning.
        self._strange = STANDARD if alphabet == URL_SAFE else URL_SAFE
        self._rest = b""
        self._padded = False

    def feed(self, text: bytes) -> bytes:
        """Take encoded bytes, return decoded ones; `Corrupt` at the first that is no base64."""
        if self._padded and text:
            raise Corrupt("there is base64 after the padding")
        if self._strange[:1] in text or self._strange[1:] in text:
            raise Corrupt("there is base64 of another alphabet")
        data = self._rest + text if self._rest else text
        cut = len(data) & ~3
        self._rest = data[cut:]
        self._padded = cut > 0 and data[cut - 1] == _PADDING
        if self._padded and self._rest:
            raise Corrupt("there is base64 after the padding")
        return self._decoded(memoryview(data)[:cut])

    def finish(self) -> bytes:
        """Return what was held back; a lone character, or half of the padding, is `Corrupt`."""
        rest, self._rest = self._rest, b""
        if len(rest) == 1 or _PADDING in rest:
            raise Corrupt("the base64 breaks off")
        return self._decoded(rest + b"=" * (-len(rest) % 4))

    def _decoded(self, text: bytes | memoryview) -> bytes:
        try:
            return pybase64.b64decode(text, self._alphabet, validate=True)
        except binascii.Error as error:
            raise Corrupt("there is no base64 where some was promised") from error
