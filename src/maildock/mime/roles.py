"""What a leaf is: the message's own text, a part of machinery, or a file."""

from enum import Enum

from maildock.domain.message import PartKind
from maildock.mime import attached
from maildock.mime.walk import Leaf

_OWN_TEXT = frozenset({"text/plain", "text/html"})
# Other forms of the text beside it, for mail clients of their kind; nobody attaches them.
_OTHER_FORMS = frozenset({"text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"})
_MACHINE = frozenset(
    {
        "application/applefile",
        "application/pgp-encrypted",
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "text/rfc822-headers",
    }
)
_SIGNATURE_NAMES = (".p7s", "signature.asc")
_CONTAINERS = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


class Role(Enum):
    """What becomes of a leaf."""

    BODY = "body"
    NAMED_BODY = "named body"  # a file that is shown too where it is an alternative, or the mail's only text
    OTHER_FORM = "other form"
    PART = "part"


def role(leaf: Leaf) -> Role:
    """Judge by type, name, disposition and place."""
    part, parent = leaf.header, leaf.parent
    if part.disposition.startswith("attachment") or leaf.whole:
        return Role.PART
    if part.content_type.startswith("multipart/"):
        return Role.BODY  # no delimiter in it: RFC 2045, 5.2 reads it as plain text
    if part.content_type in _OTHER_FORMS and parent and parent.subtype == "alternative" and not part.name:
        return Role.OTHER_FORM
    if part.content_type not in _OWN_TEXT or _is_report_part(leaf):
        return Role.PART
    if part.name:
        return Role.NAMED_BODY
    return Role.PART if _is_beside_root(leaf) else Role.BODY


def is_alternative(leaf: Leaf) -> bool:
    """Say whether the leaf is one form of a text, as in multipart/alternative, or the root of one."""
    parent = leaf.parent
    if parent and parent.subtype == "related" and not _is_beside_root(leaf):
        parent = parent.parent
    return parent is not None and parent.subtype == "alternative"


def kind(leaf: Leaf) -> PartKind:
    """Tell files from containers and from parts that only machines read."""
    part = leaf.header
    found = kind_of(part.content_type, part.name)
    signed = leaf.parent is not None and leaf.parent.subtype == "signed" and leaf.index > 1
    machine = _is_report_part(leaf) or (signed and part.name.lower().endswith(_SIGNATURE_NAMES))
    return PartKind.MACHINE if machine and found is PartKind.FILE else found


def kind_of(content_type: str, name: str) -> PartKind:
    """Tell the same by type and name alone, for a part whose place is not known."""
    if content_type in _CONTAINERS or name.lower() == "winmail.dat":
        return PartKind.CONTAINER
    machine = content_type in _MACHINE or (content_type.startswith("message/") and content_type not in attached.TYPES)
    return PartKind.MACHINE if machine else PartKind.FILE


def _is_report_part(leaf: Leaf) -> bool:
    """Say whether this is the machine's half of a report, or the mail that came back (RFC 6522, 3)."""
    part = leaf.header
    in_report = leaf.parent is not None and leaf.parent.subtype == "report" and leaf.index > 1
    attached_file = part.disposition.startswith("attachment") and bool(part.name)
    is_text = part.content_type.startswith("text/") and not attached_file
    return in_report and (is_text or part.content_type.startswith("message/"))


def _is_beside_root(leaf: Leaf) -> bool:
    """Say whether this belongs to the root of a multipart/related: its first part, or the one it names (RFC 2387)."""
    parent, part = leaf.parent, leaf.header
    if not parent or parent.subtype != "related" or leaf.index == 1:
        return False
    start = parent.header.parameters.get("start", "").strip("<> ") if parent.header else ""
    content_id = part.text("content-id").strip("<> ")
    return bool((content_id != start and content_id) or part.text("content-location"))
