"""Bytes out of a vendor's JSON while it arrives: an object with one huge base64 string in it.

Such are Gmail's `attachments.get` and `messages.get?format=raw`, and Microsoft's `contentBytes`. Everything around that
string is held against the grammar of JSON (RFC 8259) and forgotten, so memory depends on neither the size of the answer
nor what else is in it.
"""

import json
import re
from collections.abc import Callable

from maildock.domain.errors import Corrupt
from maildock.providers.base64_text import STANDARD, URL_SAFE, Base64Text

DEEPEST = 64
MOST_TOKENS = 100_000
MOST_AROUND = 16 << 20  # bytes
_LONGEST_TOKEN = 256
_ESCAPE_BYTES = 6

_BLANKS = re.compile(rb"[ \t\r\n]*+")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*+')
_ESCAPE = re.compile(rb'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
# All that base64 can need; whatever else is escaped is no base64, and its backslash is refused as such.
_ESCAPED_BASE64 = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
_SCALAR_BYTES = re.compile(rb"[-+.0-9A-Za-z]*+")
_SCALAR = re.compile(rb"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(rb"0|[1-9][0-9]{0,18}")

# What may come where, and what is expected after it; what opens or closes a level says that by itself.
_AFTER = {
    ("first key", b'"'): "colon",
    ("key", b'"'): "colon",
    ("colon", b":"): "value",
    ("value", b'"'): "more",
    ("value", b"x"): "more",
    ("first item", b'"'): "more",
    ("first item", b"x"): "more",
}
_OPENING = {b"{": "first key", b"[": "first item"}
_CLOSING = {b"}": ord("{"), b"]": ord("[")}


class FieldDecoder:
    """Fed the JSON of an answer in any pieces, gives the decoded bytes of one field of the outermost object.

    `declared` is what the answer says in `size`, if it does, and `length` what came: they may differ, and whoever
    reads should say so. All else that is wrong with the answer is `Corrupt`, an answer that breaks off included.
    """

    def __init__(self, field: str = "data", *, url_safe: bool = True) -> None:
        self.declared: int | None = None
        self.length = 0
        self._field = field
        self._found = False
        self._url_safe = url_safe
        self._base64 = Base64Text(URL_SAFE if url_safe else STANDARD)
        self._out: list[bytes] = []
        self._levels = bytearray()
        self._tokens = 0
        self._around = 0
        self._expected = "object"
        self._read: Callable[[bytes, int], int] = self._between
        self._held = b""
        self._token = bytearray()
        self._key = ""
        self._is_size = False

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes of the answer, return the decoded bytes that they complete."""
        if self._held:
            chunk, self._held = self._held + chunk, b""
        at = 0
        while at < len(chunk):
            around = self._read != self._read_base64
            end = self._read(chunk, at)
            self._around += end - at if around else 0
            at = end
        if self._around > MOST_AROUND:
            raise self._too_much()
        return self._given()

    def finish(self) -> bytes:
        """Return the last bytes; `Corrupt` unless the answer was whole.

        Where nothing is in the file, its data may be left out: then the size says that.
        """
        if self._expected != "nothing" or self._held:
            raise Corrupt("the answer breaks off")
        if not self._found and self.declared != 0:
            raise Corrupt(f"there is no {self._field} in the answer")
        self._out.append(self._base64.finish())
        return self._given()

    def _too_much(self) -> Corrupt:
        return Corrupt(f"there is too much around the answer's {self._field}")

    def _given(self) -> bytes:
        given = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out = []
        self.length += len(given)
        return given

    def _between(self, chunk: bytes, at: int) -> int:
        """Read what stands between values, up to the beginning of a string, a number or a word."""
        at = _end(_BLANKS, chunk, at)
        if at == len(chunk):
            return at
        self._tokens += 1
        if self._tokens > MOST_TOKENS:
            raise self._too_much()
        byte = chunk[at : at + 1]
        if byte in b"{[":
            self._open(byte)
        elif byte in b"}]":
            self._close(byte)
        elif byte == b",":
            self._comma()
        elif byte in b'":':
            self._move(byte)
        else:
            self._begin_scalar()
            return at
        return at + 1

    def _open(self, byte: bytes) -> None:
        if self._expected not in {"value", "first item"} and (self._expected, byte) != ("object", b"{"):
            raise _misplaced(self._expected)
        if len(self._levels) == DEEPEST:
            raise Corrupt("the answer nests too deeply")
        if self._at_value(self._field) or self._at_value("size"):
            raise Corrupt(f"the answer's {self._key} is of another type")
        self._levels += byte
        self._expected = _OPENING[byte]

    def _close(self, byte: bytes) -> None:
        fits = self._expected in {"more", "first key" if byte == b"}" else "first item"}
        if not fits or self._levels[-1] != _CLOSING[byte]:
            raise _misplaced(self._expected)
        self._levels.pop()
        self._expected = "more" if self._levels else "nothing"

    def _comma(self) -> None:
        if self._expected != "more":
            raise _misplaced(self._expected)
        self._expected = "key" if self._levels[-1] == ord("{") else "value"

    def _move(self, byte: bytes) -> None:
        after = _AFTER.get((self._expected, byte))
        if after is None:
            raise _misplaced(self._expected)
        if byte == b'"':
            self._read = self._string_reader()
        self._expected = after

    def _string_reader(self) -> Callable[[bytes, int], int]:
        if self._expected in {"key", "first key"}:
            self._token.clear()
            return self._read_key
        if self._at_value("size"):
            raise Corrupt("the answer's size is no number of bytes")
        if not self._at_value(self._field):
            return self._skip_string
        if self._found:
            raise Corrupt(f"the answer has two of {self._field}")
        self._found = True
        return self._read_base64

    def _at_value(self, key: str) -> bool:
        return self._expected == "value" and len(self._levels) == 1 and self._key == key

    def _read_base64(self, chunk: bytes, at: int) -> int:
        """Decode up to the closing quote, or as far as the chunk goes."""
        quote = chunk.find(b'"', at)
        end = len(chunk) if quote < 0 else quote
        run = chunk[at:end] if at or quote >= 0 else chunk
        if b"\\" in run:
            if quote < 0:
                run = self._without_broken_escape(run)
            run = _ESCAPED_BASE64.sub(_unescaped, run)
            if not self._url_safe:
                run = run.replace(b"\\/", b"/")
        self._out.append(self._base64.feed(run))
        if quote < 0:
            return end
        self._read = self._between
        return quote + 1

    def _without_broken_escape(self, run: bytes) -> bytes:
        cut = run.rfind(b"\\", max(0, len(run) - _ESCAPE_BYTES + 1))
        if cut < 0 or _ESCAPE.match(run, cut):
            return run
        self._held = run[cut:]
        return run[:cut]

    def _skip_string(self, chunk: bytes, at: int) -> int:
        return self._string(chunk, at)[0]

    def _read_key(self, chunk: bytes, at: int) -> int:
        end, ended = self._string(chunk, at)
        # A longer one is nobody's whom we look for.
        self._token += chunk[at : end - len(self._held)][: _LONGEST_TOKEN - len(self._token)]
        if ended and len(self._levels) == 1:
            known = len(self._token) < _LONGEST_TOKEN
            self._key = json.loads(b'"' + self._token.decode("utf-8", "replace").encode()) if known else ""
        return end

    def _string(self, chunk: bytes, at: int) -> tuple[int, bool]:
        """Find where a string ends, or how far this chunk belongs to it; an escape that may go on is held back."""
        while (at := _end(_PLAIN, chunk, at)) < len(chunk):
            if chunk[at] == ord('"'):
                self._read = self._between
                return at + 1, True
            escape = _ESCAPE.match(chunk, at)
            if escape is None:
                if chunk[at] != ord("\\") or len(chunk) - at >= _ESCAPE_BYTES:
                    raise Corrupt("a string of the answer is no JSON")
                self._held = chunk[at:]
                return len(chunk), False
            at = escape.end()
        return at, False

    def _begin_scalar(self) -> None:
        if self._at_value(self._field):
            raise Corrupt(f"the answer's {self._field} is no string")
        self._is_size = self._at_value("size")
        self._move(b"x")
        self._token.clear()
        self._read = self._read_scalar

    def _read_scalar(self, chunk: bytes, at: int) -> int:
        end = _end(_SCALAR_BYTES, chunk, at)
        self._token += chunk[at:end][:_LONGEST_TOKEN]
        if len(self._token) >= _LONGEST_TOKEN:
            raise Corrupt("a number of the answer is too long")
        if end < len(chunk):
            self._scalar(bytes(self._token))
            self._read = self._between
        return end

    def _scalar(self, token: bytes) -> None:
        if not _SCALAR.fullmatch(token):
            raise Corrupt("the answer is no JSON")
        if self._is_size:
            if not _INTEGER.fullmatch(token):
                raise Corrupt("the answer's size is no number of bytes")
            self.declared = int(token)


def _end(pattern: re.Pattern[bytes], chunk: bytes, at: int) -> int:
    match = pattern.match(chunk, at)
    return at if match is None else match.end()


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode())


def _misplaced(expected: str) -> Corrupt:
    return Corrupt(f"the answer is no JSON: it ought to go on with: {expected}")
