"""The walk over a raw message: one pass, from delimiter to delimiter, yielding every leaf (RFC 2046, 5.1).

Delimiters are searched for as bytes, block by block; no line of a body is ever looked at. Attached messages are leaves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from maildock.mime import charset, header, parameters, words
from maildock.mime.header import Header
from maildock.mime.window import Window

DEEPEST = 100
_LONGEST_BOUNDARY = 1 << 11
_LOOK_FOR_BOUNDARY = 1 << 13
_TRAILING_BLANKS = 256
_LINE = re.compile(rb"[^\r\n]*+(\r?\r\n|\r|\n|\Z)")
_DOUBLED = b"\r\r\n"  # by a gateway that took the carriage return for a part of the line
_UNDECLARED = re.compile(
    rb"(?:\A|[\r\n])--([^\s-][^\r\n]{0,200}|-[^\r\n]{1,200})(?:\r?\r\n|\r|\n)(?=content-)", re.IGNORECASE
)
_TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^_`{|}~-]{1,100}/[a-z0-9!#$%&'*+.^_`{|}~-]{1,100}")


@dataclass
class Multipart:
    """A node with children: `""` is the position of the root, its children are `1`, `2`."""

    subtype: str
    position: str
    boundary: bytes
    parent: "Multipart | None"
    depth: int
    children: int = 0
    header: "PartHeader | None" = None
    body: int = 0


@dataclass
class PartHeader:
    """What the header of a part says, with the defaults of its place filled in."""

    header: Header
    default_type: str = "text/plain"

    @cached_property
    def _content_type(self) -> tuple[str, dict[str, str]]:
        fields = [parameters.parse(raw, self.header.charset) for raw in self.header.all("content-type")]
        # A relay may have put its own in front of the one that has the boundary.
        first = next((one for one in fields if one[0].startswith("multipart/") and "boundary" in one[1]), None)
        return _merged([first, *fields] if first else fields)

    @cached_property
    def _disposition(self) -> tuple[str, dict[str, str]]:
        label = self.parameters.get("charset") or self.header.charset
        return _merged([parameters.parse(raw, label) for raw in self.header.all("content-disposition")])

    @cached_property
    def content_type(self) -> str:
        """`type/subtype` in lower case; nonsense with a slash is application/octet-stream, else text/plain."""
        value = self._content_type[0]
        if not value:
            return self.default_type
        if value.strip("/") == "multipart":
            return "multipart/mixed"
        if _TOKEN.fullmatch(value):
            return value
        return "application/octet-stream" if "/" in value.strip("/") else "text/plain"

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the content type."""
        return self._content_type[1]

    @property
    def disposition(self) -> str:
        """`attachment`, `inline`, whatever else was written, or empty."""
        return self._disposition[0]

    @property
    def name(self) -> str:
        """The file name that the part claims, as written; empty for none."""
        return _first_name(self._disposition[1].get("filename"), self.parameters.get("name"))

    @property
    def misplaced_name(self) -> str:
        """The name that stands where no standard has it; good enough to name a file, not to make one of a text."""
        return _first_name(self.parameters.get("filename"), self._disposition[1].get("name"))

    def text(self, name: str) -> str:
        """Return a field as text, at most a kilobyte of it."""
        return words.text(self.header.first(name), self.header.charset, 1024)


def _merged(fields: list[tuple[str, dict[str, str]]]) -> tuple[str, dict[str, str]]:
    """Return the first of several fields of one name, with what only later ones say."""
    value = next((value for value, _ in fields if value), "")
    return value, dict(item for _, said in reversed(fields) for item in said.items())


def _first_name(*names: str | None) -> str:
    return next((name for name in names if name and name.strip()), "")


@dataclass
class Leaf:
    """A part without children: its header, the range of its encoded bytes, and its place."""

    position: str
    header: PartHeader
    start: int
    end: int
    parent: Multipart | None = None
    index: int = 1
    head: int = 0  # where its header begins
    whole: bool = False  # offered with its header: a multipart too deep to be walked


@dataclass(frozen=True, slots=True)
class _Delimiter:
    level: int
    closing: bool
    start: int  # of the line break before it
    after: int


@dataclass
class _Open:
    """The multiparts that are open, outermost first, and what all their delimiters begin with."""

    levels: list[Multipart] = field(default_factory=list)
    by_boundary: dict[bytes, list[int]] = field(default_factory=dict)
    prefix: bytes = b"--"
    longest: int = 0

    def push(self, node: Multipart) -> None:
        self.by_boundary.setdefault(node.boundary, []).append(len(self.levels))
        self.levels.append(node)
        self._prefix()

    def pop(self) -> Multipart:
        node = self.levels.pop()
        self.by_boundary[node.boundary].pop()
        if not self.by_boundary[node.boundary]:
            del self.by_boundary[node.boundary]
        self._prefix()
        return node

    def _prefix(self) -> None:
        first, last = min(self.by_boundary, default=b""), max(self.by_boundary, default=b"")
        same = next((at for at in range(len(first)) if first[at] != last[at]), len(first))
        self.prefix = b"--" + first[:same]
        self.longest = max(map(len, self.by_boundary), default=0)


class Walk:
    """Walks one message; `leaves` may be iterated once."""

    def __init__(self, window: Window, root: Header, body: int) -> None:
        """Start behind the `root` header, at the offset `body`."""
        self._window = window
        self._open = _Open()
        self._leaf: Leaf | None = None
        self._root = PartHeader(root)
        self._body = body
        self.charset = ""  # of the first text that needs one, for raw 8-bit text in headers

    def leaves(self) -> Iterator[Leaf]:
        """Yield the leaves in the order of their bytes."""
        at = self._body
        self._enter(self._root, at, at, None)
        while self._open.levels:
            found = self._next(at)
            if found is None:
                break
            yield from self._close(found.start, found.level + 1)
            at = found.after
            if found.closing:
                yield from self._close(found.start, found.level)
                continue
            parent = self._open.levels[found.level]
            parent.children += 1
            parsed, body = header.read_header(self._window, at, header.PART_LIMIT)
            default = "message/rfc822" if parent.subtype == "digest" else "text/plain"
            self._enter(PartHeader(replace(parsed, charset=self.charset), default), at, body, parent)
            at = body
        yield from self._close(self._window.size, 0)

    def _enter(self, part: PartHeader, head: int, body: int, parent: Multipart | None) -> None:
        position = _child(parent)
        index = parent.children if parent else 1
        self._learn_charset(part.parameters.get("charset", ""))
        kind, _, subtype = part.content_type.partition("/")
        boundary = self._boundary(part, body) if kind == "multipart" else b""
        depth = parent.depth + 1 if parent else 0
        if not boundary or depth > DEEPEST:
            self._leaf = Leaf(position or "1", part, body, body, parent, index, head, whole=bool(boundary))
            return
        self._leaf = None
        self._open.push(Multipart(subtype, position, boundary, parent, depth, header=part, body=body))

    def _learn_charset(self, label: str) -> None:
        if not self.charset and charset.codec_name(label) not in {None, "utf-8", "cp1252"}:
            self.charset = label

    def _close(self, end: int, level: int) -> Iterator[Leaf]:
        """End the current leaf at `end`, and every multipart from `level` on; one without children is a leaf."""
        if self._leaf:
            self._leaf.end = max(end, self._leaf.start)
            yield self._leaf
            self._leaf = None
        while len(self._open.levels) > level:
            node = self._open.pop()
            if not node.children and node.header:
                index = node.parent.children if node.parent else 1
                yield Leaf(node.position or "1", node.header, node.body, max(end, node.body), node.parent, index)

    def _boundary(self, part: PartHeader, body: int) -> bytes:
        """Return the boundary that is declared, or the one that the body shows where that cannot be right."""
        declared = part.parameters.get("boundary", "").rstrip()
        boundary = declared.encode("latin-1", "replace")[:_LONGEST_BOUNDARY]
        look = self._window.peek(body, _LOOK_FOR_BOUNDARY)
        if boundary and b"--" + boundary in look:
            return boundary
        for found in _UNDECLARED.finditer(look):
            if found[1].rstrip() not in self._open.by_boundary:
                return found[1].rstrip()
        return boundary

    def _next(self, at: int) -> _Delimiter | None:
        """Find the next line that delimits any open multipart, from the start of a line `at`."""
        first = at
        while (found := self._window.find_line(self._open.prefix, at)) >= 0:
            line = _LINE.match(self._window.peek(found, self._open.longest + _TRAILING_BLANKS))
            known = self._known(line.group()[2:].rstrip()) if line else None
            if line and known:
                start = found if found == first else self._before(found, doubled=line[1] == _DOUBLED)
                return _Delimiter(known[0], known[1], start, found + line.end())
            at = found + 2
        return None

    def _before(self, at: int, *, doubled: bool) -> int:
        """Return where the line break in front of the line at `at` begins."""
        if doubled and self._window.peek(at - 3, 3) == _DOUBLED:
            return at - 3
        return at - (2 if self._window.peek(at - 2, 2) == b"\r\n" else 1)

    def _known(self, line: bytes) -> tuple[int, bool] | None:
        levels = self._open.by_boundary.get(line)
        if levels:
            return levels[-1], False
        levels = self._open.by_boundary.get(line[:-2]) if line.endswith(b"--") else None
        return (levels[-1], True) if levels else None


def _child(parent: Multipart | None) -> str:
    if parent is None:
        return ""
    return f"{parent.position}.{parent.children}" if parent.position else str(parent.children)
