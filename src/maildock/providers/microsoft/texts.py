"""A message's own text: cut for display, hashed, searched for what it shows."""

from dataclasses import dataclass

from maildock.domain.message import Part
from maildock.mime import charset, evidence
from maildock.mime.bodies import LONGEST_SHOWN
from maildock.mime.plain import body_digest, plain_text

BODY = "body"


@dataclass(frozen=True, slots=True)
class Texts:
    """What is shown, the digest of its words, what the HTML refers to, and the file to keep what was cut."""

    text: str
    html: str
    digest: str
    references: frozenset[str]
    whole: Part | None


def read_texts(content: str, *, is_html: bool) -> Texts:
    """Read a message's text, scrubbed already."""
    data = content.encode()
    cut = len(data) > LONGEST_SHOWN
    shown = data[:LONGEST_SHOWN].decode(errors="ignore").removeprefix("\ufeff")
    shown = shown.replace("\r\n", "\n").replace("\r", "\n")
    text = plain_text(shown) if is_html else shown
    return Texts(
        text=text,
        html=shown if is_html else "",
        digest=body_digest(text),
        references=evidence.references(content) if is_html else frozenset(),
        whole=_whole(len(data), is_html=is_html) if cut else None,
    )


def body_bytes(content: str) -> bytes:
    """Write a message's text as the bytes of a file."""
    return charset.scrub(content).encode()


def _whole(size: int, *, is_html: bool) -> Part:
    name, content_type = ("body.html", "text/html") if is_html else ("body.txt", "text/plain")
    return Part(BODY, BODY, name, content_type, size=size)
