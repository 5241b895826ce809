"""The parsed, immutable mail as every provider hands it to the flow.

Attachment bytes are never in here: a part carries a locator, and its provider opens a stream from it later.
Everything textual has been scrubbed by whoever built it: no NUL, no lone surrogate, no bidi control in a name.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PartKind(StrEnum):
    """What a part is to a helpdesk, before the tenant's policy is asked."""

    FILE = "file"
    MACHINE = "machine"  # signatures, delivery-report parts, external bodies
    PACKED = "packed"  # a file inside a container; its bytes are a range of the container's
    CONTAINER = "container"  # claims to be TNEF; whether it really is shows when its bytes are read
    REFERENCE_LINK = "reference_link"  # a link to a file that lives elsewhere
    UNSUPPORTED = "unsupported"
    LIMIT = "limit"  # stands for all parts beyond the limit on their number


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf offered as a file; becomes exactly one ledger row.

    `attachment_id` is the stable key, `locator` what the provider needs to open the bytes, `size` the decoded bytes
    where known without reading them. `shown_inline` is the evidence: the HTML body really refers to this part.
    """

    attachment_id: str
    locator: str
    file_name: str
    content_type: str
    size: int | None = None
    disposition: str = ""
    content_id: str = ""
    kind: PartKind = PartKind.FILE
    shown_inline: bool = False
    detail: str = ""  # for a person: the unsupported type, the link, how many parts a limit row stands for


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: `name` may be empty, `address` is lower-cased in its domain (RFC 5322, 3.4.1)."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Headers, bodies and the list of the parts of one mail.

    `message_id`, `in_reply_to` and `references` keep their angle brackets; `references` is oldest first, as written.
    `date` is the Date header in UTC, `None` when missing or unreadable. `body_digest` is the SHA-256 (hex) over the
    words that the body shows. `thread_id` is the provider's own, where it has one.
    `automatic` marks mail by machines (Auto-Submitted, List-Id, delivery reports), `auto_reply` the one
    that answers by itself, as when somebody is out of office. `received_at` is when the provider
    took the mail in, where it says so; `ignored` says in a word why this is no mail that came in (`draft`, `sent`).
    """

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    sender: Address | None
    recipients: tuple[Address, ...]
    date: datetime | None
    body_text: str
    body_html: str
    body_digest: str
    parts: tuple[Part, ...]
    automatic: bool = False
    auto_reply: bool = False
    thread_id: str | None = None
    received_at: datetime | None = None
    ignored: str = ""
