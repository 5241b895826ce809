"""What Graph says about a message, and its header as raw mail has it, so that both are judged by the same code."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from maildock.domain.message import Address
from maildock.mime import charset, envelope
from maildock.mime.header import Header
from maildock.providers import fields
from maildock.providers.fields import Json
from maildock.providers.headers import header_of


@dataclass(frozen=True, slots=True)
class Letter:
    """A message: `given` is the header that it came with, `said` the same as far as Graph says it in fields."""

    given: Header
    said: Header
    is_html: bool
    content: str
    thread_id: str | None
    received_at: datetime | None
    is_draft: bool

    @property
    def subject(self) -> str:
        """The subject on one line."""
        return envelope.subject(self.said if self.given.first("subject") is None else self.given)

    @property
    def sender(self) -> Address | None:
        """The author, in the header or else in Graph's words."""
        given = envelope.sender(self.given)
        return given if given and given.address else envelope.sender(self.said) or given


def read_letter(content: Json) -> Letter:
    """Read what Graph says about a message."""
    body = fields.inside(content, "body")
    headers = fields.objects(content, "internetMessageHeaders")
    return Letter(
        given=header_of((fields.text(one, "name"), fields.text(one, "value")) for one in headers),
        said=header_of(_said(content)),
        is_html=fields.text(body, "contentType").lower() == "html",
        content=charset.scrub(fields.text(body, "content")),
        thread_id=charset.scrub(fields.text(content, "conversationId")) or None,
        received_at=fields.moment(content, "receivedDateTime"),
        is_draft=fields.flag(content, "isDraft"),
    )


def _said(content: Json) -> Iterator[tuple[str, str]]:
    """Write Graph's fields as the lines of a header."""
    yield "Message-ID", fields.text(content, "internetMessageId")
    yield "Subject", fields.text(content, "subject")
    for name, of in (("From", "from"), ("Sender", "sender")):
        yield name, _mailbox(fields.inside(content, of))
    for name, of in (("To", "toRecipients"), ("Cc", "ccRecipients")):
        yield name, ", ".join(map(_mailbox, fields.objects(content, of)))
    sent = fields.moment(content, "sentDateTime")
    if sent is not None:
        yield "Date", format_datetime(sent)


def _mailbox(recipient: Json) -> str:
    known = fields.inside(recipient, "emailAddress")
    name = fields.text(known, "name").replace("\\", "\\\\").replace('"', '\\"')
    address = fields.text(known, "address").strip("<> ")
    if not address:
        return f'"{name}"' if name else ""
    return f'"{name}" <{address}>'
