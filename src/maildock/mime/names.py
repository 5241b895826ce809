"""File names that are safe to store, to show and to download, from whatever a mail claims."""

import re
import sys
import unicodedata

from maildock.mime import words
from maildock.mime.filetypes import extension

LONGEST = 255  # bytes of UTF-8, as most file systems have it
_LONGEST_EXTENSION = 32
# A blank behind the colon makes it a reply prefix, as in `R: Invoice.eml`.
_DRIVE = re.compile(r"(?:[A-Za-z]:(?!\s))+")
_BLANKS = re.compile(r"\s+")
_WHITESPACE_CONTROLS = frozenset("\t\n\r\v\f")
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# What this Python's Unicode does not know yet may be a character all the same; these never are.
_NONCHARACTERS = frozenset(map(chr, range(0xFDD0, 0xFDF0))) | frozenset(
    chr(plane + last) for plane in range(0, sys.maxunicode, 0x10000) for last in (0xFFFE, 0xFFFF)
)
# Joiners make the letters of Persian and of Indic scripts, and the emoji; they hide nothing.
_WANTED_FORMATS = "\u200c\u200d"


def clean_name(raw: str, content_type: str, fallback_stem: str) -> str:
    """Return a name for a file, at most 255 bytes long, from the name that the mail gives it.

    Encoded words are decoded, folders and drives, control, format and bidi characters left out, Unicode composed
    (NFC). Where nothing remains it is `fallback_stem` with the extension of `content_type`.
    """
    name = _last_step(_visible(words.decode(raw)))
    if not name.strip(". "):
        name = (_last_step(_visible(fallback_stem)).strip(". ") or "attachment") + extension(content_type)
    return _fitting(name)


def _visible(text: str) -> str:
    spaced = _BLANKS.sub(_one_line, text)
    kept = "".join(char for char in spaced if char in _WANTED_FORMATS or not _is_unwanted(char))
    return unicodedata.normalize("NFC", kept).strip()


def _is_unwanted(char: str) -> bool:
    return unicodedata.category(char) in _UNWANTED or char in _NONCHARACTERS


def _one_line(blanks: re.Match[str]) -> str:
    """Return blanks as they are, and one in place of those that hold a tab or a line break."""
    return blanks.group() if _WHITESPACE_CONTROLS.isdisjoint(blanks.group()) else " "


def _last_step(path: str) -> str:
    """Return what stands behind the last slash of either kind, without a drive; trailing slashes don't count."""
    steps = [step for step in path.replace("\\", "/").split("/") if step.strip(". ")]
    name = steps[-1].strip() if steps else ""
    drive = _DRIVE.match(name)
    return name[drive.end() :].strip() if drive else name


def _fitting(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, last = name.rpartition(".")
    suffix = (dot + last) if stem and len((dot + last).encode()) <= _LONGEST_EXTENSION else ""
    room = LONGEST - len(suffix.encode())
    return name.removesuffix(suffix).encode()[:room].decode(errors="ignore").rstrip() + suffix
