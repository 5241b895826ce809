"""Which of a mail's pictures its reader sees: those that are kept here, and those elsewhere once they are asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

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
        if self.remote and is_elsewhere(source):
            return f"https:{source}" if source.startswith("//") else source
        return None


NONE = Pictures()


def is_elsewhere(source: str) -> bool:
    """Say whether loading this picture would tell somebody else."""
    return _ELSEWHERE.match(source.strip()) is not None


def content_id(written: str) -> str:
    """Give the one spelling of a content id."""
    return unquote(written).strip(" \t\r\n\"'<>").casefold()
