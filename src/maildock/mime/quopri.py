"""Quoted-printable as mail really carries it, decoded in a stream (RFC 2045, 6.7)."""

import binascii
import re

# A relay may have hung blanks behind a soft break; they are not of the text.
_SOFT_BREAK = re.compile(rb"=[ \t]{0,80}(?:\r?\r\n|\n|\r)")
_MAY_BE_ONE = re.compile(rb"=[ \t]{0,80}\r{0,2}\Z")
_LONGEST_BREAK = len("=\r\r\n") + 80


class QuotedPrintable:
    """Malformed escapes stay as they are; a soft break may also be a bare carriage return."""

    def __init__(self) -> None:
        self._break = b""  # what may become a soft break
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take encoded bytes, return decoded ones."""
        chunk = self._break + chunk
        held = _MAY_BE_ONE.search(chunk, max(len(chunk) - _LONGEST_BREAK, 0))
        self._break = held.group() if held else b""
        data = self._rest + _SOFT_BREAK.sub(b"=\n", chunk[: len(chunk) - len(self._break)])
        cut = _safe_cut(data)
        self._rest = data[cut:]
        return binascii.a2b_qp(data[:cut])

    def finish(self) -> bytes:
        """Return what was held back."""
        rest = self._rest + _SOFT_BREAK.sub(b"=\n", self._break)
        self._break = self._rest = b""
        return binascii.a2b_qp(rest)


def _safe_cut(data: bytes) -> int:
    """Return where `data` may be cut without parting an escape, `==` or a soft break."""
    last = len(data) - (not data.endswith(b"="))
    run = last - len(data[:last].rstrip(b"="))
    if last == len(data):
        return last - (1 if run % 2 else 2) if run else last
    if run % 2:
        return last - 1
    return last - 2 if run and data.endswith(b"\r") else len(data)
