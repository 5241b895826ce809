"""Address fields, as mail really writes them (RFC 5322, 3.4)."""

import re
from collections.abc import Iterator

from maildock.domain.message import Address
from maildock.mime import words

_LIMIT = 1 << 16
_MOST = 1000
_TOKEN = re.compile(
    r"\"((?:[^\"\\]|\\(?:.|\Z))*+)(?:\"|\Z)|<([^<>]*+)(?:>|\Z)|([(),;]|:(?!//))|([^\"<(),;:]++|:)|.", re.DOTALL
)
_NO_GROUP = ("@", "=?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BLANKS = re.compile(r"\s+")
_NO_ADDRESS = re.compile(r"@[^:]*+:|mailto:", re.IGNORECASE)  # a route (RFC 5322, 4.4), or a link


def parse(fields: list[bytes], label: str = "") -> tuple[Address, ...]:
    """Return the mailboxes of all `fields` in order, groups opened, at most a thousand.

    Raw 8-bit names are read by the charset `label`.
    """
    found: list[Address] = []
    for raw in fields:
        for address in _mailboxes(raw[:_LIMIT].decode("latin-1"), label):
            found.append(address)
            if len(found) == _MOST:
                return tuple(found)
    return tuple(found)


def _mailboxes(field: str, label: str) -> Iterator[Address]:
    phrase: list[str] = []
    angle: str | None = None
    depth = 0
    may_be_group = True  # what is a phrase so far, and a group's name once a colon follows
    for token in _TOKEN.finditer(field):
        quoted, bracketed, mark, atom = token.groups()
        if mark in {"(", ")"}:
            depth = max(depth + (1 if mark == "(" else -1), 0)
        elif depth:
            continue
        elif mark == ":" and not may_be_group:
            phrase.append(mark)
        elif mark:
            if mark != ":":
                yield from _mailbox(phrase, angle, label)
            phrase, angle, may_be_group = [], None, True
        elif bracketed is not None:
            angle, may_be_group = bracketed, False
        else:
            phrase.append(_ESCAPED.sub(r"\1", quoted) if quoted is not None else atom or "")
            may_be_group &= not any(one in phrase[-1] for one in _NO_GROUP)
    yield from _mailbox(phrase, angle, label)


def _mailbox(phrase: list[str], angle: str | None, label: str) -> Iterator[Address]:
    """Yield the one address of these tokens, or none; without brackets the whole phrase is the address."""
    name = "".join(phrase).strip()
    if angle is None:
        angle, name = ("", name) if "@" not in name or "=?" in name else (name, "")
    spec = _BLANKS.sub("", words.decode_wire(angle))
    extra = _NO_ADDRESS.match(spec)
    local, at, domain = spec[extra.end() if extra else 0 :].rpartition("@")
    address = f"{local}{at}{domain.lower()}"
    if address or name:
        yield Address(_BLANKS.sub(" ", words.decode_wire(name, label)).strip(), address)
