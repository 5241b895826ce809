"""Quoted-printable as mail really carries it, decoded in a stream (RFC 2045, 6.7)."""

import binascii
import re

_BARE_SOFT_BREAK = re.compile(rb"=\r(?!\n)")


class QuotedPrintable:
    """Malformed escapes stay as they are; a soft break may also be a bare carriage return."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take encoded bytes, return decoded ones."""
        data = self._rest + chunk
        cut = _safe_cut(data)
        self._rest = data[cut:]
        return _decode(data[:cut])

    def finish(self) -> bytes:
        """Return what was held back."""
        rest, self._rest = self._rest, b""
        return _decode(rest)


def _decode(data: bytes) -> bytes:
    return binascii.a2b_qp(_BARE_SOFT_BREAK.sub(b"=\n", data))


def _safe_cut(data: bytes) -> int:
    """Return where `data` may be cut without parting an escape, `==` or a soft break."""
    last = len(data) - (not data.endswith(b"="))
    run = last - len(data[:last].rstrip(b"="))
    if last == len(data):
        return last - (1 if run % 2 else 2) if run else last
    if run % 2:
        return last - 1
    return last - 2 if run and data.endswith(b"\r") else len(data)
