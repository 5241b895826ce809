"""The files inside a TNEF container, `winmail.dat` (MS-OXTNEF), found by their byte ranges.

The container is read by seeking from attribute to attribute; the bytes of a file are never touched. An attached
Outlook message is one file: the TNEF stream inside the container. The message's own text is no file.
"""

import os
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from maildock.mime import charset
from maildock.mime.filetypes import guess_type
from maildock.mime.names import clean_name

_SIGNATURE = 0x223E9F78
_MESSAGE_LEVEL, _ATTACHMENT_LEVEL = 1, 2

_OEM_CODEPAGE = 0x00069007
_ATTACH_REND_DATA = 0x00069002
_ATTACH_TITLE = 0x00018010
_ATTACH_DATA = 0x0006800F
_ATTACHMENT = 0x00069005

_PT_LONG_NAMES = {0x3707: 0, 0x3001: 1, 0x3704: 2, 0x370C: 3}  # the best name first
_PR_ATTACH_DATA = 0x3701
_PR_MIME_TAG = 0x370E
_PT_OBJECT, _PT_BINARY, _PT_STRING8, _PT_UNICODE = 0x0D, 0x102, 0x1E, 0x1F
_MULTIPLE = 0x1000
_FIXED = {
    0x00: 4,
    0x01: 4,
    0x02: 4,
    0x03: 4,
    0x04: 4,
    0x05: 8,
    0x06: 8,
    0x07: 8,
    0x0A: 4,
    0x0B: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
_NAMED = 0x8000
_GUID = 16
_MESSAGE_GUID = bytes.fromhex("0703020000000000c000000000000046")

_MOST_FILES = 1000
_MOST_STEPS = 200_000
_LONGEST_TEXT = 4096
_MOST_PADDING = 4096


@dataclass(frozen=True, slots=True)
class TnefFile:
    """A file in a container: its bytes are `[offset, offset + size)`."""

    name: str
    content_type: str
    offset: int
    size: int


@dataclass
class _Draft:
    """What is known of an attachment so far; its attributes may come in any order."""

    title: str = ""
    names: dict[int, str] = field(default_factory=dict)
    content_type: str = ""
    data: tuple[int, int] | None = None
    is_message: bool = False


class _Truncated(Exception):
    """The container ends, or lies about a length."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a container, in order; it is `complete` when there is nothing in it but what was read."""

    files: tuple[TnefFile, ...]
    complete: bool


def read_tnef(source: BinaryIO) -> Contents | None:
    """Return what is in the container in `source`; `None` when this is no TNEF, or damaged before its first file.

    `source` must be seekable. Of a damaged container the files before the damage are returned. At most a thousand
    files and two hundred thousand attributes are looked at.
    """
    cursor = _Cursor(source)
    try:
        if cursor.number("<I", cursor.size) != _SIGNATURE:
            return None
        cursor.number("<H", cursor.size)
    except _Truncated:
        return None
    drafts, complete = _drafts(cursor)
    files = tuple(_file(draft, draft.data, at) for at, draft in enumerate(drafts, 1) if draft.data is not None)
    return Contents(files, complete) if files or complete else None


class _Cursor:
    """Reads little things at its offset, never past the end that the caller names."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.size = source.seek(0, os.SEEK_END)
        self.at = 0
        self.codepage = ""
        self.cut = False  # there is more than could be read
        self._steps = 0

    def number(self, layout: str, end: int) -> int:
        value: int = struct.unpack(layout, self.read(struct.calcsize(layout), end))[0]
        return value

    def read(self, size: int, end: int) -> bytes:
        self._steps += 1
        if self.at + size > min(end, self.size) or self._steps > _MOST_STEPS:
            raise _Truncated
        self._source.seek(self.at)
        self.at += size
        return self._source.read(size)

    def skip(self, size: int, end: int) -> None:
        if self.at + size > min(end, self.size):
            raise _Truncated
        self.at += size

    def is_padding(self, start: int) -> bool:
        """Say whether nothing but zeros and blanks follows, which gateways add."""
        self._source.seek(start)
        rest = self._source.read(_MOST_PADDING + 1)
        return len(rest) <= _MOST_PADDING and not rest.strip(b"\x00 \t\r\n")

    def text(self, size: int, kind: int) -> str:
        """Read a text of `size` bytes, the first four kilobytes of it."""
        end = self.at + size
        raw = self.read(min(size, _LONGEST_TEXT), end)
        self.at = end
        if kind == _PT_UNICODE:
            return charset.scrub(raw.decode("utf-16-le", "replace").partition("\x00")[0])
        return charset.decode(raw.partition(b"\x00")[0], self.codepage)


def _drafts(cursor: _Cursor) -> tuple[list[_Draft], bool]:
    """Read all attachments, and say whether these are all."""
    drafts: list[_Draft] = []
    start = 0
    try:
        while (start := cursor.at) < cursor.size and len(drafts) <= _MOST_FILES:
            _read_attribute(cursor, drafts)
    except _Truncated:
        cursor.cut |= not cursor.is_padding(start)
    complete = not cursor.cut and len(drafts) <= _MOST_FILES and all(draft.data is not None for draft in drafts)
    return drafts[:_MOST_FILES], complete


def _read_attribute(cursor: _Cursor, drafts: list[_Draft]) -> None:
    level = cursor.number("<B", cursor.size)
    if level not in {_MESSAGE_LEVEL, _ATTACHMENT_LEVEL}:
        raise _Truncated
    attribute, size = cursor.number("<I", cursor.size), cursor.number("<I", cursor.size)
    start, end = cursor.at, cursor.at + size
    if attribute == _ATTACH_REND_DATA or (level == _ATTACHMENT_LEVEL and _is_next(attribute, drafts)):
        drafts.append(_Draft())
    if attribute == _ATTACH_DATA and end > cursor.size:
        cursor.cut = True
    elif attribute == _ATTACH_DATA:
        drafts[-1].data = drafts[-1].data or (start, size)
    elif attribute == _ATTACH_TITLE:
        drafts[-1].title = cursor.text(min(size, cursor.size - start), _PT_STRING8)
    elif attribute == _ATTACHMENT:
        _read_properties(cursor, min(end, cursor.size), drafts[-1])
    elif attribute == _OEM_CODEPAGE:
        cursor.codepage = f"cp{cursor.number('<I', end)}"
    cursor.at = start
    cursor.skip(size + 2, cursor.size)


def _is_next(attribute: int, drafts: list[_Draft]) -> bool:
    """Say whether another attachment begins with this attribute, though nothing has announced it."""
    if not drafts:
        return True
    has_data = drafts[-1].data is not None
    return has_data and (attribute == _ATTACH_DATA or (attribute == _ATTACH_TITLE and bool(drafts[-1].title)))


def _read_properties(cursor: _Cursor, end: int, draft: _Draft) -> None:
    """Read a list of MAPI properties (MS-OXTNEF, 2.1.3.4); one that lies ends it."""
    try:
        for _ in range(cursor.number("<I", end)):
            _read_property(cursor, end, draft)
    except _Truncated:
        return


def _read_property(cursor: _Cursor, end: int, draft: _Draft) -> None:
    kind, name = cursor.number("<H", end), cursor.number("<H", end)
    if name >= _NAMED:
        cursor.skip(_GUID, end)
        by_name = cursor.number("<I", end)
        length = cursor.number("<I", end)
        if by_name:
            cursor.skip(_padded(length), end)
    single = kind & ~_MULTIPLE
    if single in _FIXED:
        count = cursor.number("<I", end) if kind & _MULTIPLE else 1
        cursor.skip(count * _FIXED[single], end)
        return
    if single not in {_PT_OBJECT, _PT_BINARY, _PT_STRING8, _PT_UNICODE}:
        raise _Truncated
    for _ in range(cursor.number("<I", end)):
        size = cursor.number("<I", end)
        start = cursor.at
        cursor.skip(_padded(size), end)
        after = cursor.at
        cursor.at = start
        _take_value(cursor, draft, kind, name, size)
        cursor.at = after


def _take_value(cursor: _Cursor, draft: _Draft, kind: int, name: int, size: int) -> None:
    if kind in {_PT_STRING8, _PT_UNICODE} and name in _PT_LONG_NAMES:
        draft.names[_PT_LONG_NAMES[name]] = cursor.text(size, kind)
    elif kind in {_PT_STRING8, _PT_UNICODE} and name == _PR_MIME_TAG:
        draft.content_type = cursor.text(size, kind).lower()
    elif name == _PR_ATTACH_DATA and kind in {_PT_OBJECT, _PT_BINARY}:
        start = cursor.at
        guid = cursor.read(_GUID, start + size) if kind == _PT_OBJECT and size >= _GUID else b""
        draft.is_message = guid == _MESSAGE_GUID
        if draft.is_message or not draft.data or not draft.data[1]:  # beside a message stands a picture of its icon
            draft.data = (start + len(guid), size - len(guid))


def _file(draft: _Draft, data: tuple[int, int], number: int) -> TnefFile:
    name = next((draft.names[rank] for rank in sorted(draft.names) if draft.names[rank].strip()), draft.title)
    content_type = "application/ms-tnef" if draft.is_message else draft.content_type or guess_type(name)
    if draft.is_message:
        name = f"{name or f'attachment-{number}'}.tnef"
    return TnefFile(clean_name(name, content_type, f"attachment-{number}"), content_type, *data)


def _padded(size: int) -> int:
    return (size + 3) & ~3
