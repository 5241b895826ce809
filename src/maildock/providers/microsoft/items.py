"""Graph's JSON, read once into what we need of it; whatever else stands there is not looked at.

https://learn.microsoft.com/graph/api/resources/message, https://learn.microsoft.com/graph/api/resources/attachment
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from maildock.mime.charset import scrub
from maildock.providers.microsoft.refusals import unsound

TYPE = "#microsoft.graph."
MESSAGE_FIELDS = (
    "internetMessageHeaders,internetMessageId,subject,from,sender,toRecipients,ccRecipients,body,conversationId,"
    "receivedDateTime,sentDateTime,isDraft"
)
# A plain contentId is refused: attachments have none, files do.
PART_FIELDS = (
    "id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId,"
    "microsoft.graph.fileAttachment/contentLocation"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wrote or is written to."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message without its attachments; `headers` as they came, where Graph still has them."""

    headers: tuple[tuple[str, str], ...]
    message_id: str
    subject: str
    sender: Person | None
    recipients: tuple[Person, ...]
    is_html: bool
    body: str
    conversation_id: str
    received_at: datetime | None
    sent_at: datetime | None
    is_draft: bool

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        """Read a message; raises `Corrupt` where Graph's answer makes no sense."""
        body = content.get("body")
        if not isinstance(body, dict):
            raise unsound("body")
        received, copied = content.get("toRecipients") or (), content.get("ccRecipients") or ()
        return cls(
            headers=tuple(_headers(content.get("internetMessageHeaders") or ())),
            message_id=_text(content.get("internetMessageId")),
            subject=_text(content.get("subject")),
            sender=_person(content.get("from")) or _person(content.get("sender")),
            recipients=tuple(person for one in (*received, *copied) if (person := _person(one))),
            is_html=_text(body.get("contentType")).lower() == "html",
            body=_text(body.get("content")),
            conversation_id=_text(content.get("conversationId")),
            received_at=moment(content.get("receivedDateTime")),
            sent_at=moment(content.get("sentDateTime")),
            is_draft=content.get("isDraft") is True,
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """An attachment as it is listed; `kind` is `file`, `item`, `reference`, or whatever else Graph may call it."""

    attachment_id: str
    kind: str
    name: str
    content_type: str
    size: int | None
    content_id: str
    content_location: str

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self:
        """Read an attachment; raises `Corrupt` where Graph's answer makes no sense."""
        attachment_id, size = content.get("id"), content.get("size")
        if not isinstance(attachment_id, str) or not attachment_id:
            raise unsound("attachment id")
        kind = _text(content.get("@odata.type")).removeprefix(TYPE).removesuffix("Attachment")
        return cls(
            attachment_id=attachment_id,
            kind=kind,
            name=_text(content.get("name")),
            content_type=_text(content.get("contentType")).partition(";")[0].strip().lower(),
            size=size if isinstance(size, int) and size >= 0 else None,
            content_id=_text(content.get("contentId")),
            content_location=_text(content.get("contentLocation")),
        )


def moment(value: object) -> datetime | None:
    """Read a time; `None` where there is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def values(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the objects of a page; raises `Corrupt` where it is none."""
    found = content.get("value")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise unsound("list")
    return found


def _text(value: object) -> str:
    return scrub(value) if isinstance(value, str) else ""


def _headers(listed: Any) -> list[tuple[str, str]]:
    found = (one for one in listed if isinstance(one, dict))
    return [(_text(one.get("name")), _text(one.get("value"))) for one in found]


def _person(recipient: object) -> Person | None:
    address = recipient.get("emailAddress") if isinstance(recipient, dict) else None
    if not isinstance(address, dict) or not address.get("address"):
        return None
    return Person(_text(address.get("name")), _text(address.get("address")))
