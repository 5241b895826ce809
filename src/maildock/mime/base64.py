"""Base64 as mail really carries it, decoded in a stream (RFC 2045, 6.8)."""

import binascii
import string

import pybase64

_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_JUNK = bytes(set(range(256)) - set(_ALPHABET))
_WHITESPACE = b" \t\r\n\v\f"
_LONGEST_LINE = 1 << 16


class Base64:
    """Junk characters are dropped; padding ends a run, and only whole lines of base64 after it count as another run.

    So concatenated runs are joined, while a footer that a mailing list hung below the data is left out.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._line = b""
        self._padded = False

    def feed(self, chunk: bytes) -> bytes:
        """Take encoded bytes, return decoded ones."""
        if self._padded:
            return self._lines(chunk)
        at = chunk.find(b"=")
        if at < 0:
            return self._quanta(chunk)
        self._padded = True
        return self._quanta(chunk[:at]) + self._flush() + self._lines(chunk[at:])

    def finish(self) -> bytes:
        """Return what was held back; a lone sixth of a byte is dropped."""
        line, self._line = self._line, b""
        return self._runs(line) + self._flush()

    def _quanta(self, chunk: bytes) -> bytes:
        data, self._rest = self._rest + chunk, b""
        decoded = b""
        cut = data.rfind(b"\n") + 1
        if cut:
            try:
                # Also drops what is not of the alphabet, and complains only when whole lines are no whole quanta.
                decoded = pybase64.b64decode(memoryview(data)[:cut])
            except binascii.Error:
                cut = 0
        return decoded + self._slowly(data[cut:])

    def _slowly(self, data: bytes) -> bytes:
        data = data.translate(None, _WHITESPACE)
        cut = len(data) & ~3
        if not cut:
            # Decoding nothing would still let go of the interpreter and wait for it again.
            self._rest = data
            return b""
        try:
            decoded = pybase64.b64decode(memoryview(data)[:cut], validate=True)
        except binascii.Error:
            data = data.translate(None, _JUNK)
            cut = len(data) & ~3
            decoded = pybase64.b64decode(memoryview(data)[:cut], validate=True)
        self._rest = data[cut:]
        return decoded

    def _flush(self) -> bytes:
        rest, self._rest = self._rest.translate(None, _JUNK), b""
        return pybase64.b64decode(rest + b"=" * (-len(rest) % 4)) if len(rest) > 1 else b""

    def _lines(self, chunk: bytes) -> bytes:
        decoded: list[bytes] = []
        lines = chunk.split(b"\n")
        lines[0] = self._line + lines[0]
        self._line = lines.pop()
        for line in lines:
            decoded.extend(self._runs(line[at : at + _LONGEST_LINE]) for at in range(0, len(line), _LONGEST_LINE))
        while len(self._line) >= _LONGEST_LINE:
            decoded.append(self._runs(self._line[:_LONGEST_LINE]))
            self._line = self._line[_LONGEST_LINE:]
        return b"".join(decoded)

    def _runs(self, line: bytes) -> bytes:
        line = line.strip(_WHITESPACE)
        if line.translate(None, _ALPHABET + b"="):
            return b""
        first, *others = line.split(b"=")
        return self._quanta(first) + b"".join(self._flush() + self._quanta(run) for run in others if run)
