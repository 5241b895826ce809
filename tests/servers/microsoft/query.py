"""A request as the routes see it: its path taken apart, its OData options and its preferences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from tests.servers.microsoft.replies import InvalidRequest

NAMES = frozenset(
    ("users", "me", "messages", "mailfolders", "attachments", "$value", "delta", "subscriptions", "reauthorize")
)
KEYED = re.compile(r"(?P<name>[A-Za-z]+)\('(?P<key>[^']*)'\)")
EXPANDED = re.compile(r"(?P<name>[A-Za-z./]+)(?:\((?P<options>[^)]*)\))?")


@dataclass(frozen=True)
class Prefer:
    """What a client prefers, from its `Prefer` headers."""

    text: str = ""

    @property
    def immutable(self) -> bool:
        """Graph: Immutable ids. `Prefer: IdType="ImmutableId"` on every request."""
        return re.search(r'IdType\s*=\s*"?ImmutableId"?', self.text, re.IGNORECASE) is not None

    @property
    def body(self) -> str | None:
        """The preferred type of the body, `text` or `html`."""
        found = re.search(r'outlook\.body-content-type\s*=\s*"?(text|html)', self.text, re.IGNORECASE)
        return found[1].lower() if found else None

    @property
    def page_size(self) -> int | None:
        """Graph: Delta. `Prefer: odata.maxpagesize=n`."""
        found = re.search(r"odata\.maxpagesize\s*=\s*\"?(\d+)", self.text, re.IGNORECASE)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Ask:
    """A request: the path below `/v1.0` taken apart, its options by lower-case name with their `$`."""

    method: str
    path: str
    segments: tuple[str, ...]
    options: Mapping[str, str]
    prefer: Prefer
    origin: str
    client_id: str = ""
    body: bytes = b""
    last_page_leads_back: bool = False

    @property
    def select(self) -> tuple[str, ...] | None:
        """The selected properties, or None for the usual ones."""
        return listed(self.options.get("$select"))

    @property
    def expand(self) -> Mapping[str, tuple[str, ...] | None]:
        """The expanded properties in lower case, each with what is selected of it."""
        found = {}
        for match in EXPANDED.finditer(self.options.get("$expand", "")):
            selected = re.fullmatch(r"\s*\$select=(.*)", match["options"] or "", re.IGNORECASE)
            found[match["name"].lower()] = listed(selected[1]) if selected else None
        return found

    @property
    def top(self) -> int | None:
        """The page's size. "Graph: Endpoints. Lists page by 10 unless `$top` (1-1000)"."""
        given = self.options.get("$top")
        if given is None:
            return None
        if not given.isdecimal() or not 1 <= int(given) <= 1000:
            raise InvalidRequest("Invalid page size specified. Must be between 1 and 1000 inclusive.")
        return int(given)

    def link(self, **changed: str | None) -> str:
        """Give this request's address with some options changed (`_` stands for `$`); None takes one out."""
        options = {**self.options, **{name.replace("_", "$", 1): value for name, value in changed.items()}}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items() if value is not None)
        return f"{self.origin}{self.path}?{query}"


def listed(text: str | None) -> tuple[str, ...] | None:
    """Cut a list at its commas."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def segments(path: str) -> tuple[str, ...]:
    """Take a path apart: names of resources in lower case, keys as they are, `name('key')` as two."""
    found: list[str] = []
    for segment in path.strip("/").split("/"):
        plain = unquote(segment)
        keyed = KEYED.fullmatch(plain)
        if keyed:
            found += [keyed["name"].lower(), keyed["key"]]
        else:
            plain = plain.removeprefix("microsoft.graph.").removesuffix("()")
            found.append(plain.lower() if plain.lower() in NAMES else plain)
    return tuple(found)
