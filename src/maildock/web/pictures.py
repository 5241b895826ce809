"""Which of a mail's pictures its reader sees: those that are kept here or in the text itself, others once asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

_BEGINS = r"data:image/(?:png|jpe?g|gif|webp);base64,"
DRAWN = re.compile(_BEGINS + r"(?>[A-Za-z0-9+/=\s]+)", re.IGNORECASE)
DRAWN_BARELY = re.compile(_BEGINS + r"(?>[A-Za-z0-9+/=]+)", re.IGNORECASE)  # without quotation marks
_ELSEWHERE = re.compile(r"https?:|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pictures:
    """`kept` gives addresses of our own by content id; with `remote`, those from elsewhere are shown too."""

    kept: Mapping[str, str] = field(default_factory=dict)
    remote: bool = False

    def address(self, source: str) -> str | None:
        """Give the address under which a picture may be loaded, `None` where it may not."""
        source = source.strip()
        if source[:4].lower() == "cid:":
            return self.kept.get(content_id(source[4:]))
        if is_drawn(source):
            return "".join(source.split())
        if self.remote and is_elsewhere(source):
            return f"https:{source}" if source.startswith("//") else source
        return None


NONE = Pictures()


def is_drawn(source: str) -> bool:
    """Say whether a picture stands in the text itself (RFC 2397), of a kind that cannot hold scripts."""
    return DRAWN.fullmatch(source) is not None


def is_elsewhere(source: str) -> bool:
    """Say whether loading this picture would tell somebody else."""
    return _ELSEWHERE.match(source.strip()) is not None


def content_id(written: str) -> str:
    """Give the one spelling of a content id."""
    return unquote(written).strip(" \t\r\n\"'<>").casefold()
