"""A request as the routes see it, and the search that a list is narrowed by."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.servers.google.mailbox import GmailMailbox, GmailMessage
from tests.servers.google.replies import InvalidArgument
from tests.servers.mime import decoded

TERM = re.compile(r'(?P<name>[a-z0-9]+):(?P<value>"[^"]*"|\S+)', re.IGNORECASE)
PAGE = 100
LARGEST_PAGE = 500


@dataclass(frozen=True)
class Ask:
    """A request: the path below `users/{userId}`, and its options, each as often as it was given."""

    method: str
    segments: tuple[str, ...]
    options: Mapping[str, Sequence[str]]
    body: bytes = b""

    def option(self, name: str) -> str:
        """Give an option's last value; empty without one."""
        return next(reversed(self.options.get(name, ())), "")

    def listed(self, name: str) -> list[str]:
        """Give an option that may come several times; Google takes commas no better than a client should rely on."""
        return list(self.options.get(name, ()))

    @property
    def page_size(self) -> int:
        """How much comes at once: "100 a page, at most 500"."""
        text = self.option("maxResults") or str(PAGE)
        if not text.isdecimal() or int(text) < 1:
            raise InvalidArgument(f"Invalid value at 'max_results': \"{text}\"")
        return min(int(text), LARGEST_PAGE)

    def json(self) -> dict[str, Any]:
        """Give the body, which must be an object."""
        try:
            content = json.loads(self.body or b"{}")
        except ValueError as error:
            raise InvalidArgument("Invalid JSON payload received.") from error
        if not isinstance(content, dict):
            raise InvalidArgument("Invalid JSON payload received.")
        return content


def matches(query: str, mailbox: GmailMailbox, message: GmailMessage) -> bool:
    """Say whether a message is what `q` searches for; words that are no operators are looked for in the subject."""
    words = TERM.sub(" ", query).split()
    subject = decoded(message.root.header("Subject")).lower()
    terms = [(found["name"].lower(), found["value"].strip('"')) for found in TERM.finditer(query)]
    return all(word.lower() in subject for word in words) and all(
        _fits(name, value, mailbox, message) for name, value in terms
    )


def _fits(name: str, value: str, mailbox: GmailMailbox, message: GmailMessage) -> bool:
    seconds = message.internal_date // 1000
    if name == "after":
        return seconds > _seconds(value)
    if name == "before":
        return seconds < _seconds(value)
    if name in {"in", "label"}:
        names = {mailbox.labels[label].name.lower() for label in message.labels}
        return value.lower() in {"anywhere", *names, *(known.replace(" ", "-") for known in names)}
    if name == "rfc822msgid":
        return message.root.header("Message-ID").strip("<>") == value.strip("<>")
    if name == "has":
        return value == "attachment" and any(part.filename for part in message.root.walk())
    return False


def _seconds(value: str) -> float:
    if value.isdecimal():
        return int(value)
    try:
        return datetime.strptime(value.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise InvalidArgument("Invalid query") from error
