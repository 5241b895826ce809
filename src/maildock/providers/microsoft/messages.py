"""Fetch: a message with all its attachments' descriptions, judged by the same rules as raw mail."""

import hashlib
from datetime import UTC

from maildock.domain.message import Address, InboundMessage
from maildock.mime import envelope
from maildock.mime.plain import plain_text
from maildock.providers.headers import header_of
from maildock.providers.microsoft.attachments import BODY, parts_of
from maildock.providers.microsoft.client import Graph, key
from maildock.providers.microsoft.items import MESSAGE_FIELDS, PART_FIELDS, Letter, Listed, Person, values

LONGEST_SHOWN = 1 << 20  # characters of a body
MOST_PARTS = 1000
_PAGE = 100


async def fetch(graph: Graph, email_id: str) -> InboundMessage:
    """Read a message; raises `NotThere` where it is not, or no longer, there."""
    message = graph.user(f"messages/{key(email_id)}")
    letter = Letter.read(await graph.ask("GET", f"{message}?$select={MESSAGE_FIELDS}"))
    listed, more = await _listed(graph, message)
    long = len(letter.body) > LONGEST_SHOWN
    shown = letter.body[:LONGEST_SHOWN]
    header = header_of(letter.headers)
    text = plain_text(shown) if letter.is_html else shown.replace("\r\n", "\n")
    return InboundMessage(
        message_id=envelope.message_id(header) or envelope.message_id(header_of([("Message-ID", letter.message_id)])),
        in_reply_to=envelope.in_reply_to(header),
        references=envelope.references(header),
        subject=envelope.subject(header) or letter.subject,
        sender=envelope.sender(header) or _address(letter.sender),
        recipients=envelope.recipients(header) or tuple(found for one in letter.recipients if (found := _address(one))),
        date=envelope.date(header) or (letter.sent_at and letter.sent_at.astimezone(UTC)),
        body_text=text,
        body_html=shown if letter.is_html else "",
        body_digest=hashlib.sha256(letter.body.replace("\r", "").encode() + b"\x00").hexdigest(),
        parts=(*(BODY[letter.is_html] for _ in range(long)), *await parts_of(graph, message, letter, listed, more)),
        automatic=envelope.is_automatic(header),
        thread_id=letter.conversation_id or None,
        received_at=letter.received_at,
        ignored="draft" if letter.is_draft else "",
    )


async def _listed(graph: Graph, message: str) -> tuple[list[Listed], bool]:
    """List the attachments, whatever `hasAttachments` says, and whether there are more than we take."""
    found: list[Listed] = []
    target = f"{message}/attachments?$select={PART_FIELDS}&$top={_PAGE}"
    while target:
        page = await graph.ask("GET", target)
        found += map(Listed.read, values(page))
        link = page.get("@odata.nextLink")
        target = graph.origin.target(link) if isinstance(link, str) and len(found) <= MOST_PARTS else ""
    return found[:MOST_PARTS], len(found) > MOST_PARTS


def _address(person: Person | None) -> Address | None:
    if person is None:
        return None
    local, at, domain = person.address.rpartition("@")
    return Address(person.name, f"{local}{at}{domain.lower()}")
