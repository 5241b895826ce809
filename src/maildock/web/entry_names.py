"""Names inside an archive: safe to unpack on any system, and no two the same, also where case does not count."""

import re
import unicodedata

LONGEST = 255  # bytes of UTF-8, which is what file systems take

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\.|$)", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=.)\.[^. ]{1,20}$")


class EntryNames:
    """The names that are taken in one archive."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def take(self, name: str) -> str:
        """Give the safe name nearest to `name` that is still free: `a.txt`, then `a (2).txt`."""
        wanted = free = _safe(name)
        number = self._numbers.get(_key(wanted), 1)
        while _key(free) in self._taken:
            number += 1
            free = _numbered(wanted, number)
        # The next of this name goes on from here, so that a thousand of one name are quick.
        self._numbers[_key(wanted)] = number
        self._taken.add(_key(free))
        return free


def _safe(name: str) -> str:
    plain = _UNSAFE.sub("_", name).rstrip(". ") or "document"
    return _cut(f"_{plain}" if _DEVICE.match(plain) else plain, "")


def _numbered(name: str, number: int) -> str:
    return _cut(name, f" ({number})")


def _cut(name: str, mark: str) -> str:
    """Put `mark` before the extension; the stem gives way where that gets too long."""
    found = _EXTENSION.search(name)
    extension = found[0] if found else ""
    stem = name.removesuffix(extension) if extension else name
    room = LONGEST - len((mark + extension).encode())
    return stem.encode()[:room].decode(errors="ignore") + mark + extension


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
