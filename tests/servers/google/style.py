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
    `padded`: base64url "padded or not". `escaped`: `=` as `\u003d`. `data_first`: the order of an attachment's keys.
    `attached_mails`: an attached mail has an `attachmentId` and its `parts`, or only one of the two; which of these
    Gmail does is told differently by its users. `size_error` is added to what an attachment declares.
    """

    small_in_data: bool | None = None
    small_bytes: int = 2048
    padded: bool | None = None
    escaped: bool | None = None
    data_first: bool | None = None
    decoded_headers: bool = True
    attached_mails: Literal["both", "parts", "id"] = "both"
    size_error: int = 0
    _turns: Counter[object] = field(default_factory=Counter)

    def is_in_data(self, size: int, of: object) -> bool:
        """Say whether a file comes inside its mail this time; `of` names the file."""
        return size <= self.small_bytes and self._choose(self.small_in_data, ("small", of))

    def base64(self, data: bytes) -> str:
        """Write bytes as base64url."""
        text = base64.urlsafe_b64encode(data).decode()
        return text if self._choose(self.padded, "padded") else text.rstrip("=")

    def attachment(self, data: bytes) -> dict[str, Any]:
        """Write the answer of `attachments.get`."""
        content = {"size": len(data) + self.size_error, "data": self.base64(data)}
        return dict(reversed(content.items())) if self._choose(self.data_first, "data first", 4) else content

    def json(self, content: Mapping[str, Any]) -> bytes:
        """Write a whole answer."""
        text = json.dumps(content, indent=2)
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
