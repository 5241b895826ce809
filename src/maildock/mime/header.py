"""Header blocks: where one ends, and the few fields that matter (RFC 5322, 2.2)."""

import re
from dataclasses import dataclass, field

from maildock.mime.window import Window

ROOT_LIMIT = 1 << 20
PART_LIMIT = 1 << 16
_FIRST_LOOK = 1 << 12
_MOST_OF_ONE_NAME = 50
_LONGEST_NAME = 80

_FIELD_LINE = rb"(?!--)[!-9;-~]++[ \t]*+:"
# A parameter at the start of a line, where a tool has broken the field without folding it.
_PARAMETER = re.compile(rb"[a-z][a-z0-9-]{1,30}(?:\*\d{0,3}\*?)?[ \t]{0,9}=[ \t]{0,9}[^\s=]", re.IGNORECASE)
_UNFOLDED = re.compile(rb";[ \t]*+(?:\r\n|\n|\r)(?=" + _PARAMETER.pattern + rb")", re.IGNORECASE)
_MOST_BLANKS = 80
# The line breaks after which neither a field nor a folded line follows: the next line ends the block.
_END = re.compile(rb"(?:\A|\r?\r\n|\n|\r(?!\r?\n))(?=([^\r\n]*+)(\r?\r\n|\r|\n|\Z))(?![ \t]|" + _FIELD_LINE + rb")")
_KNOWN = re.compile(
    rb"(?:content-[a-z-]{1,40}|mime-version|subject|from|to|cc|bcc|date|message-id|received|reply-to|return-path|sender"
    rb"|in-reply-to|references|delivered-to|errors-to|user-agent|importance|priority|precedence|auto-submitted"
    rb"|authentication-results|dkim-signature|received-spf|(?:x|arc|list|thread|resent)-[a-z0-9-]{1,60})[ \t]*:",
    re.IGNORECASE,
)
_BLANK_LINE = (b"\n\n", b"\n\r\n", b"\n\r\r\n", b"\r\r")
_NAMES = (
    rb"content-type|content-disposition|content-transfer-encoding|content-id|content-location|content-base"
    rb"|message-id|in-reply-to|references|subject|from|sender|reply-to|to|cc|date|auto-submitted|list-id|precedence"
    rb"|return-path|x-auto-response-suppress|x-autoreply|x-autorespond|x-loop"
)
_FIELDS = re.compile(rb"(?:\A|(?<=[\r\n]))(" + _NAMES + rb")[ \t]*+:([^\r\n]*+)", re.IGNORECASE)
_FOLDS = (
    (b"\r\r\n", b"\r\n"),
    (b"\r\n ", b" "),
    (b"\r\n\t", b"\t"),
    (b"\n ", b" "),
    (b"\n\t", b"\t"),
    (b"\r ", b" "),
    (b"\r\t", b"\t"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of one block by lower-case name, unfolded, as raw bytes, in the order written."""

    fields: dict[str, list[bytes]] = field(default_factory=dict)
    size: int = 0
    charset: str = ""  # the label by which raw 8-bit text in it is read; the mail names it elsewhere

    def first(self, name: str) -> bytes | None:
        """Return the first field of that name."""
        found = self.fields.get(name)
        return found[0] if found else None

    def all(self, name: str) -> list[bytes]:
        """Return every field of that name, at most fifty."""
        return self.fields.get(name, [])


def parse(block: bytes) -> Header:
    """Pick the known fields out of a header block."""
    fields: dict[str, list[bytes]] = {}
    size = len(block)
    for fold, blank in _FOLDS:
        block = block.replace(fold, blank)
    for found in _FIELDS.finditer(_UNFOLDED.sub(b"; ", block)):
        values = fields.setdefault(found[1].lower().decode(), [])
        if len(values) < _MOST_OF_ONE_NAME:
            values.append(found[2].strip())
    return Header(fields, size)


def start_of(data: bytes) -> bytes:
    """Return the header block that `data` begins with."""
    ended = _find_end(data, whole=True)
    return data[: ended[0]] if ended else data


def read_header(window: Window, start: int, limit: int) -> tuple[Header, int]:
    """Read the block that begins at `start`; return it and the offset where its body begins.

    What a block holds beyond `limit` bytes is skipped unread. A line that is no field ends the block without a blank
    line, unless a well-known field follows it: then it is junk, and skipped.
    """
    look = _FIRST_LOOK
    while True:
        block = window.peek(start, look)
        whole = start + len(block) >= window.size
        ended = _find_end(block, whole=whole)
        if ended:
            return parse(block[: ended[0]]), start + ended[1]
        if whole or look >= limit:
            return parse(block), window.size if whole else _skip(window, start + len(block) - 3)
        look = min(look * 8, limit)


def _find_end(block: bytes, *, whole: bool) -> tuple[int, int] | None:
    """Return where the fields end and where the body begins, `None` while that lies beyond this block."""
    at = 0
    while found := _END.search(block, at):
        line, after = found[1], found.end(2)
        if not whole and after + (_LONGEST_NAME if line else 1) > len(block):
            return None
        if not line:
            return found.end(), after
        if not _is_unfolded(block, found) and (line.startswith(b"--") or not _KNOWN.match(block, after)):
            return found.end(), found.end()
        at = max(after - len(found[2]), found.end() + 1)
    return None


def _is_unfolded(block: bytes, ended: re.Match[bytes]) -> bool:
    before = block[max(ended.start() - _MOST_BLANKS, 0) : ended.start()]
    return before.rstrip(b" \t").endswith(b";") and _PARAMETER.match(block, ended.end()) is not None


def _skip(window: Window, at: int) -> int:
    """Return the offset behind the next blank line, or the end of the file."""
    ends = [found + len(mark) for mark in _BLANK_LINE if (found := window.find(mark, at)) >= 0]
    return min(ends, default=window.size)
