"""Structured header values, `value; name=…; name*0*=…`, as mail really writes them (RFC 2045, 5.1 and RFC 2231)."""

import re
from itertools import groupby
from operator import itemgetter
from urllib.parse import unquote_to_bytes

from maildock.mime import charset, words

_LONGEST = 1 << 16
_LONGEST_VALUE = 1 << 13
_MOST = 200
_NAMES = ("name", "filename")
_HEAD = re.compile(r"\s*+[^;\s/]*+(?:\s*+/\s*+[^;\s]*+)?")
_AROUND_TOKENS = re.compile(r"[\s\"]+")
_PIECE = re.compile(r"[;\s]*+([^\s=;\"]++)\s*+=\s*+(?:\"((?:[^\"\\]|\\.)*+)(?:\"|\Z)|)", re.DOTALL)
_BARE = re.compile(r"[^;]*+")
_ANYTHING = re.compile(r"[;\s]*+[^;]*+;?")
_ESCAPED = re.compile(r"\\([\"\\])")
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?")


def parse(raw: bytes | None, label: str = "") -> tuple[str, dict[str, str]]:
    """Return the lower-case value before the parameters, and the parameters by lower-case name.

    `name` and `filename` are decoded, raw 8-bit ones by the field's own `charset` or else by `label`; the others are
    wire text (see `words`), a byte a character.
    """
    if not raw:
        return "", {}
    line = raw[:_LONGEST].decode("latin-1")
    head = _HEAD.match(line)
    value, rest = (head.group(), line[head.end() :]) if head else ("", line)
    if "=" in value:
        value, rest = "", line
    return charset.scrub(_AROUND_TOKENS.sub("", value).lower()), _joined(_pieces(rest), label)


def _pieces(rest: str) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    at = 0
    while at < len(rest) and len(pieces) < _MOST:
        found = _PIECE.match(rest, at)
        if not found:
            skipped = _ANYTHING.match(rest, at)
            at = max(at + 1, skipped.end() if skipped else at)
            continue
        at = found.end()
        if found[2] is not None:
            pieces.append((found[1].lower(), _ESCAPED.sub(r"\1", found[2])))
            continue
        bare = _BARE.match(rest, at)
        at = bare.end() if bare else at
        pieces.append((found[1].lower(), bare.group().strip() if bare else ""))
    return pieces


def _joined(pieces: list[tuple[str, str]], label: str) -> dict[str, str]:
    """Join continued parameters; of a name written twice the first counts, an RFC 2231 value before a plain one."""
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, written in pieces:
        value = written[:_LONGEST_VALUE]
        found = _SECTION.fullmatch(name)
        if found and (found[2] or found[3]):
            sections.setdefault(found[1], {}).setdefault(int(found[2] or 0), (value, bool(found[3])))
        else:
            plain.setdefault(name, value)
    own = plain.get("charset") or label
    plain |= {name: words.decode_wire(plain[name], own) for name in _NAMES if name in plain}
    return plain | {name: extended for name, parts in sections.items() if (extended := _extended(parts))}


def _extended(parts: dict[int, tuple[str, bool]]) -> str:
    """Decode `charset'language'percent-encoded` in one piece or many (RFC 2231, 3 and 4)."""
    ordered = [parts[number] for number in sorted(parts)]
    label = ""
    first, encoded = ordered[0]
    if encoded and (tagged := first.split("'", 2))[2:]:
        label, _, first = tagged
    # Some writers part a percent escape too, so adjacent encoded pieces are decoded as one.
    runs = groupby([(first, encoded), *ordered[1:]], key=itemgetter(1))
    joined = [("".join(value for value, _ in run).encode("latin-1"), percent) for percent, run in runs]
    data = b"".join(unquote_to_bytes(value) if percent else value for value, percent in joined)
    return words.decode(charset.decode(data[:_LONGEST_VALUE], label))
