"""The header fields that a ticket needs: ids, people, subject, date, and whether a machine wrote it."""

import hashlib
import re
from collections import deque
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from maildock.domain.message import Address
from maildock.mime import addresses, charset, words
from maildock.mime import parameters as structured
from maildock.mime.header import Header

LONGEST_ID = 998  # a line's length, RFC 5322, 2.1.1
MOST_REFERENCES = 1000
_LONGEST_DATE = 200

_ID = re.compile(r"<([^<>]*+)>")
_BARE = re.compile(r"[^\s<>,;\"]++")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_BLANKS = re.compile(r"\s+")
_BULK = frozenset({b"bulk", b"list", b"junk", b"auto_reply"})


def message_id(header: Header) -> str | None:
    """Return the Message-ID in its brackets, `None` without one."""
    found = _ids(header.first("message-id"))
    return found[0] if found else None


def in_reply_to(header: Header) -> tuple[str, ...]:
    """Return the ids of In-Reply-To."""
    return tuple(_ids(header.first("in-reply-to")))


def references(header: Header) -> tuple[str, ...]:
    """Return the ids of References, oldest first; of more than a thousand the newest."""
    return tuple(_ids(header.first("references")))


def subject(header: Header) -> str:
    """Return the subject on one line."""
    return _CONTROLS.sub(" ", words.text(header.first("subject"), header.charset)).strip()


def sender(header: Header) -> Address | None:
    """Return the first author, or the Sender where no author has an address."""
    people = addresses.parse([*header.all("from"), *header.all("sender")], header.charset)
    return next((person for person in people if person.address), people[0] if people else None)


def recipients(header: Header) -> tuple[Address, ...]:
    """Return who the mail is addressed to, To before Cc."""
    return addresses.parse([*header.all("to"), *header.all("cc")], header.charset)


def date(header: Header) -> datetime | None:
    """Return the Date in UTC; a date without a zone is taken as UTC."""
    raw = charset.header_text((header.first("date") or b"")[:_LONGEST_DATE])
    try:
        parsed = parsedate_to_datetime(raw)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def is_automatic(header: Header) -> bool:
    """Say whether a machine sent this: auto-replies (RFC 3834), lists (RFC 2919), bulk and reports (RFC 6522)."""
    content_type, parameters = structured.parse(header.first("content-type"))
    return (
        is_auto_reply(header)
        or header.first("list-id") is not None
        or (header.first("precedence") or b"").strip().lower() in _BULK
        or (header.first("return-path") or b"").replace(b" ", b"") == b"<>"
        or (
            content_type == "multipart/report"
            and parameters.get("report-type", "").lower() != "disposition-notification"
        )
    )


def is_auto_reply(header: Header) -> bool:
    """Say whether no person wrote this: out of office and the like (RFC 3834). Lists pass on what people write."""
    submitted = (header.first("auto-submitted") or b"no").split(b";")[0].strip().lower()
    return (
        submitted != b"no"
        or (header.first("precedence") or b"").strip().lower() == b"auto_reply"
        or any(header.first(name) is not None for name in ("x-autoreply", "x-autorespond"))
    )


def _ids(raw: bytes | None) -> list[str]:
    """Return the ids of a field in brackets; one longer than a line may be is stood for by its SHA-256, everywhere."""
    text = charset.scrub(charset.header_text(raw or b""))
    found = deque((found[1] for found in _ID.finditer(text)), MOST_REFERENCES)
    if not found:
        found.extend(one.group() for one in _BARE.finditer(text) if "@" in one.group()[1:-1])
    bare = [_BLANKS.sub("", one) for one in found]
    return [f"<{one if len(one) <= LONGEST_ID else _digest(one)}>" for one in bare if one]


def _digest(text: str) -> str:
    return f"{hashlib.sha256(text.encode()).hexdigest()}@sha256.invalid"
