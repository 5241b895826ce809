"""Raw mail as Exchange takes it apart: facts about it, its bodies and its attachments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parseaddr, parsedate_to_datetime

from tests.servers.microsoft.parts import GraphPart
from tests.servers.mime import AS_IT_WAS, children, content, decoded, unfolded
from tests.servers.mime import headers as header_lines


@dataclass(frozen=True)
class MailFacts:
    """What the header and the bodies of a mail say."""

    headers: tuple[tuple[str, str], ...]
    subject: str
    html: str | None
    text: str | None

    def header(self, name: str) -> str:
        """Give the first header of this name, unfolded and otherwise as it came; empty without one."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    def addresses(self, name: str) -> list[tuple[str, str]]:
        """Give the names and addresses of a header."""
        return [(decoded(person), address) for person, address in getaddresses([self.header(name)]) if address]

    def person(self, name: str) -> tuple[str, str]:
        """Give the first name and address of a header."""
        person, address = parseaddr(self.header(name))
        return decoded(person), address

    def date(self) -> str | None:
        """Give the Date header as RFC 3339, if it is one."""
        try:
            return parsedate_to_datetime(self.header("Date")).strftime("%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            return None


def take_apart(raw: bytes) -> tuple[MailFacts, tuple[GraphPart, ...]]:
    """Read a raw mail: its facts, and its attachments in their order."""
    message = message_from_bytes(raw)
    headers = header_lines(message)
    leaves = list(_leaves(message))
    html = _first(leaves, "text/html")
    plain = _first(leaves, "text/plain")
    parts = tuple(_part(leaf) for leaf in leaves if leaf is not html and leaf is not plain)
    subject = decoded(unfolded(str(message.get("Subject", ""))))
    return MailFacts(headers, subject, _text(html), _text(plain)), parts


def _leaves(message: Message) -> Iterator[Message]:
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for child in children(message):
            yield from _leaves(child)
    else:
        yield message


def _first(leaves: list[Message], content_type: str) -> Message | None:
    bodies = [leaf for leaf in leaves if leaf.get_content_type() == content_type and not _is_file(leaf)]
    return bodies[0] if bodies else None


def _is_file(leaf: Message) -> bool:
    return leaf.get_content_disposition() == "attachment" or leaf.get_filename() is not None


def _text(leaf: Message | None) -> str | None:
    if leaf is None:
        return None
    data = content(leaf)
    try:
        return data.decode(leaf.get_content_charset("utf-8"), "replace")
    except LookupError:
        return data.decode("latin-1")


def _part(leaf: Message) -> GraphPart:
    if leaf.get_content_type() == "message/rfc822" and leaf.is_multipart():
        return _item(leaf)
    cid = leaf.get("Content-ID")
    return GraphPart(
        "file",
        decoded(leaf.get_filename() or ""),
        content(leaf),
        leaf.get_content_type(),
        leaf.get_content_disposition() == "inline",
        None if cid is None else str(cid).strip().strip("<>"),
        leaf.get("Content-Location"),
    )


def _item(leaf: Message) -> GraphPart:
    nested = leaf.get_payload(0)
    assert isinstance(nested, Message)
    return GraphPart("item", decoded(str(nested.get("Subject", ""))), nested.as_bytes(policy=AS_IT_WAS))
