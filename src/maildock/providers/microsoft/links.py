"""Where the links lead that stand for files: Graph names the file only, the mail's HTML has the link."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote, urlsplit

from maildock.mime.charset import scrub
from maildock.mime.plain import plain_text

_MOST = 1000
_LONGEST_TAG, _LONGEST_TEXT, _LONGEST_LINK = 8192, 4096, 2048
_ANCHOR = re.compile(r"<a\s", re.IGNORECASE)
_END = re.compile(r"</a", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")


def links_in(html: str) -> dict[str, str]:
    """Give the links by what `plain` makes of their texts, and of the names of the files that they lead to."""
    found: dict[str, str] = {}
    for link, text in _anchors(html):
        for name in (plain(text), plain(_file_of(link))):
            found.setdefault(name, link)
    found.pop("", None)
    return found


def plain(name: str) -> str:
    """Write a name as it is compared."""
    return _BLANKS.sub(" ", name).strip().casefold()


def _anchors(html: str) -> Iterator[tuple[str, str]]:
    """Give the targets and texts of the first thousand links."""
    at = 0
    for _ in range(_MOST):
        found = _ANCHOR.search(html, at)
        if found is None:
            return
        at = found.end()
        close = html.find(">", at, at + _LONGEST_TAG)
        href = _HREF.search(html, at, close) if close >= 0 else None
        end = _END.search(html, close, close + _LONGEST_TEXT) if href else None
        if href and end:
            link = scrub(unescape(href[1] or href[2] or href[3] or "")).strip()
            if link.lower().startswith(("https://", "http://")) and link.isprintable() and len(link) <= _LONGEST_LINK:
                yield link, plain_text(html[close + 1 : end.start()])


def _file_of(link: str) -> str:
    try:
        return unquote(urlsplit(link).path.rpartition("/")[2])
    except ValueError:
        return ""
