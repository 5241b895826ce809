"""The attachments of a message, of the three kinds that Graph knows."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["file", "item", "reference"]
ItemKind = Literal["message", "event", "contact"]

# "Graph: Size … declared sizes lie (1053 for an 816-byte file)": what the store adds of its own.
STORE_OVERHEAD = 237


@dataclass(frozen=True)
class GraphPart:
    """An attachment: its bytes, and what is said about them, which need not be true.

    `is_inline` "can be wrong both ways" and `content_type` "may be null" ("Graph: Attachment types").
    """

    kind: Kind
    name: str
    data: bytes = b""
    content_type: str | None = None
    is_inline: bool = False
    content_id: str | None = None
    content_location: str | None = None
    declared_size: int | None = None
    item_kind: ItemKind = "message"

    @property
    def size(self) -> int:
        """The size as Graph declares it, in bytes."""
        return len(self.data) + STORE_OVERHEAD if self.declared_size is None else self.declared_size


def file_part(
    name: str,
    data: bytes,
    content_type: str | None = "application/octet-stream",
    *,
    is_inline: bool = False,
    content_id: str | None = None,
    declared_size: int | None = None,
) -> GraphPart:
    """Make a file attachment."""
    return GraphPart("file", name, data, content_type, is_inline, content_id, None, declared_size)


def item_part(name: str, data: bytes, item_kind: ItemKind = "message") -> GraphPart:
    """Make an attached mail (MIME), event (iCalendar) or contact (vCard)."""
    return GraphPart("item", name, data, item_kind=item_kind)


def reference_part(name: str) -> GraphPart:
    """Make a link to a file in a drive."""
    return GraphPart("reference", name)
