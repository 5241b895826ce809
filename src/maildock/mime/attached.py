"""Attached messages: how they are really encoded, and the subject that they are called by."""

import re
from dataclasses import replace

from maildock.mime import envelope, header
from maildock.mime.content import Decoder, Locator
from maildock.mime.window import Window

TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
_FIRST_LOOK = 1 << 12
_LINE_BREAKS = b"\r\n"
_FIELD = re.compile(rb"(?:From |[!-9;-~]{1,80}:)")
_NO_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]{0,80}(?:[\r\n]|\Z))")


def really_encoded(window: Window, where: Locator) -> Locator:
    """Drop an encoding that its sender claims but did not apply, as RFC 2046, 5.2.1 forbids any for a message."""
    look = window.peek(where.start, min(_FIRST_LOOK, where.end - where.start))
    head = header.start_of(look.lstrip(_LINE_BREAKS))
    plain = {"base64": _FIELD.match(head), "qp": _FIELD.match(head) and _NO_ESCAPE.search(head)}
    return replace(where, encoding="id") if plain.get(where.encoding) else where


def subject(window: Window, where: Locator) -> str:
    """Return the subject of an attached message, without slashes; empty for none."""
    decoder = Decoder(str(where))
    end = min(where.end, where.start + header.PART_LIMIT)
    block = b"".join(map(decoder.feed, window.chunks(where.start, end))).lstrip(_LINE_BREAKS)
    return envelope.subject(header.parse(header.start_of(block))).replace("/", "-").replace("\\", "-")
