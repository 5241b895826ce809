"""What Gmail may write either way: by default this server does it one way, then the other."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# Google escapes these in its JSON wherever it feels like it; all of them occur in strings alone.
ESCAPED = {character: f"\\u{ord(character):04x}" for character in "=<>&'"}


@dataclass
class Style:
    r"""How the server writes. What is `None` alternates from one time to the next.

    `small_in_data`: whether files of at most `small_bytes` come in `data` ("small attachments may arrive that way"),
    which alternates for each of them by itself.
    `padded`: base64url "padded or not". `escaped`: `=` as `\u003d`. `data_first`: the order of an attachment's keys,
    `with_token`: its id among them.
    `attached_mails`: an attached mail has an `attachmentId` and its `parts`, or only one of the two; which of these
    Gmail does is told differently by its users. `size_error` is added to what an attachment declares.
    `text_by_id_from`: the size in bytes from which also a text of the mail has an `attachmentId`. An empty file's
    `data` is empty or, like other empty fields, left out. `utf8_texts`: the mail's texts come in UTF-8, under a header
    that still names the charset they were written in; both are told of Gmail.
    """

    small_in_data: bool | None = None
    small_bytes: int = 2048
    padded: bool | None = None
    escaped: bool | None = None
    data_first: bool | None = None
    with_token: bool | None = None
    decoded_headers: bool = True
    attached_mails: Literal["both", "parts", "id"] = "both"
    size_error: int = 0
    text_by_id_from: int = 1 << 20
    utf8_texts: bool = False
    _turns: Counter[object] = field(default_factory=Counter)

    def is_in_data(self, size: int, of: object, *, is_file: bool) -> bool:
        """Say whether a part comes inside its mail this time; `of` names it."""
        if not is_file:
            return size < self.text_by_id_from
        return size <= self.small_bytes and self._choose(self.small_in_data, ("small", of))

    def base64(self, data: bytes) -> str:
        """Write bytes as base64url."""
        text = base64.urlsafe_b64encode(data).decode()
        return text if self._choose(self.padded, "padded") else text.rstrip("=")

    def attachment(self, token: str, data: bytes) -> dict[str, Any]:
        """Write the answer of `attachments.get`, sometimes with the id that was asked for."""
        content: dict[str, Any] = {"size": len(data) + self.size_error}
        if data or self._choose(None, "empty data"):
            content["data"] = self.base64(data)
        if self._choose(self.with_token, "token", 8):
            content["attachmentId"] = token
        return dict(reversed(content.items())) if self._choose(self.data_first, "data first", 4) else content

    def json(self, content: Mapping[str, Any], *, pretty: bool = True) -> bytes:
        """Write a whole answer; `pretty` is Google's habit too."""
        text = json.dumps(content, indent=2) if pretty else json.dumps(content, separators=(",", ":"))
        if self._choose(self.escaped, "escaped", 2):
            for character, escape in ESCAPED.items():
                text = text.replace(character, escape)
        return text.encode() + b"\n"

    def _choose(self, wanted: bool | None, what: object, every: int = 1) -> bool:
        """Change after `every` times, which differs so that everything meets everything."""
        if wanted is not None:
            return wanted
        self._turns[what] += 1
        return (self._turns[what] - 1) // every % 2 == 0
