"""What Graph says about an attachment, and the part that it is offered as."""

from collections.abc import Mapping
from dataclasses import dataclass

from maildock.domain.message import Part, PartKind
from maildock.mime import charset
from maildock.mime.filetypes import guess_type
from maildock.mime.names import clean_name
from maildock.mime.roles import kind_of
from maildock.mime.walk import PartHeader
from maildock.providers import fields
from maildock.providers.fields import Json
from maildock.providers.headers import header_of

FILE, ITEM, REFERENCE = "file", "item", "reference"
_KINDS = {f"#microsoft.graph.{kind}attachment": kind for kind in (FILE, ITEM, REFERENCE)}
# The content type and the extension of an attached item's bytes, by what it is.
MESSAGE = ("message/rfc822", ".eml")
_ITEMS: Mapping[str, tuple[str, str]] = {
    "#microsoft.graph.event": ("text/calendar", ".ics"),
    "#microsoft.graph.contact": ("text/vcard", ".vcf"),
}
_LONGEST = 1024
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Described:
    """An attachment; `kind` is `file`, `item`, `reference`, or else what Graph calls it."""

    attachment_id: str
    kind: str
    name: str
    content_type: str
    size: int | None
    is_inline: bool
    content_id: str
    content_location: str


def read_attachment(content: Json) -> Described:
    """Read what Graph says about an attachment."""
    told = fields.text(content, "@odata.type")
    return Described(
        attachment_id=fields.key(content, "id"),
        kind=_KINDS.get(told.lower(), FILE if not told else charset.scrub(told)[:_LONGEST]),
        name=charset.scrub(fields.text(content, "name")),
        content_type=_content_type(fields.text(content, "contentType")),
        size=fields.number(content, "size"),
        is_inline=fields.flag(content, "isInline"),
        content_id=charset.scrub(fields.text(content, "contentId"))[:_LONGEST],
        content_location=charset.scrub(fields.text(content, "contentLocation"))[:_LONGEST],
    )


def item_form(content: Json) -> tuple[str, str]:
    """Say of which content type and extension the bytes of an attached item are."""
    return _ITEMS.get(fields.text(fields.inside(content, "item"), "@odata.type").lower(), MESSAGE)


def file_part(about: Described, number: int, *, shown: bool) -> Part:
    """Offer a file; `shown` says that the HTML shows it."""
    content_type = about.content_type or guess_type(about.name.strip())
    kind = kind_of(content_type, about.name)
    return Part(
        attachment_id=about.attachment_id,
        locator=FILE,
        file_name=clean_name(about.name, content_type, f"attachment-{number}"),
        content_type=content_type,
        size=about.size,
        disposition="inline" if about.is_inline else "attachment",
        content_id=about.content_id,
        kind=kind,
        shown_inline=shown and kind is PartKind.FILE,
    )


def item_part(about: Described, number: int, form: tuple[str, str]) -> Part:
    """Offer an attached item as the file that its bytes are; it is called by its subject."""
    content_type, extension = form
    # A subject is no path.
    name = about.name.strip().replace("/", "-").replace("\\", "-")
    if name and not name.lower().endswith(extension):
        name += extension
    return Part(
        attachment_id=about.attachment_id,
        locator=ITEM,
        file_name=clean_name(name, content_type, f"attachment-{number}"),
        content_type=content_type,
        size=about.size,
        disposition="attachment",
    )


def skipped_part(about: Described, number: int, kind: PartKind, detail: str) -> Part:
    """Offer what has no bytes that can be had."""
    content_type = about.content_type or guess_type(about.name.strip())
    return Part(
        attachment_id=about.attachment_id,
        locator="",
        file_name=clean_name(about.name, content_type, f"attachment-{number}"),
        content_type=content_type,
        size=about.size,
        kind=kind,
        detail=detail,
    )


def _content_type(told: str) -> str:
    """Read a content type as a header's is; empty for none."""
    if not told.strip():
        return ""
    return PartHeader(header_of([("Content-Type", told)]), _UNKNOWN).content_type
