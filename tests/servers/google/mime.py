"""Raw mail as Gmail takes it apart: a tree of parts by `partId`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from tests.servers.mime import children, content, decoded, headers


@dataclass(frozen=True, eq=False)
class GmailPart:
    """A part: the root's `part_id` is empty, below it are "0", "1", and "1.0" below that.

    An attached mail has its decoded bytes and, as its one child, the root of its own parts.
    """

    part_id: str
    mime_type: str
    filename: str
    headers: tuple[tuple[str, str], ...]
    data: bytes
    parts: tuple[GmailPart, ...]
    is_file: bool

    @property
    def is_mail(self) -> bool:
        """Whether this is an attached mail."""
        return self.mime_type == "message/rfc822"

    def header(self, name: str) -> str:
        """Give the first header of this name; empty without one."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    def text(self) -> bytes:
        """Give the text of this part in UTF-8."""
        found = re.search(r'charset="?([^";\s]+)', self.header("Content-Type"), re.IGNORECASE)
        return self.data.decode(found[1] if found else "utf-8", "replace").encode()

    def walk(self) -> Iterator[GmailPart]:
        """Give this part and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def take_apart(raw: bytes) -> GmailPart:
    """Read a raw mail."""
    return _part(message_from_bytes(raw), "")


def _part(message: Message, part_id: str) -> GmailPart:
    mime_type = message.get_content_type()
    is_container = message.get_content_maintype() == "multipart" and message.is_multipart()
    below = children(message)
    filename = decoded(message.get_filename() or "")
    is_text = message.get_content_maintype() == "text" and message.get_content_disposition() != "attachment"
    return GmailPart(
        part_id,
        mime_type,
        filename,
        headers(message),
        b"" if is_container else content(message),
        tuple(_part(child, _below(part_id, number)) for number, child in enumerate(below)),
        not is_container and (bool(filename) or not is_text),
    )


def _below(part_id: str, number: int) -> str:
    return f"{part_id}.{number}" if part_id else str(number)
