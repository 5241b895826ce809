"""HTML as plain text, for those who read no HTML: words and line breaks, links by their text."""

import hashlib
import re
from collections.abc import Iterator
from html import unescape

# fmt: off
_BREAKING = frozenset({
    "address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
    "table", "tr", "ul",
})
# fmt: on
_OPENING = re.compile(r"<(?:(!--)|([!?])|(/?)([a-zA-Z][a-zA-Z0-9]{0,30}))")
# What a browser does not show, up to its end.
_HIDDEN = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "title", "template")}
_BLANKS = re.compile(r"\s+")
_MANY_BREAKS = re.compile(r"\n{3,}")


def plain_text(html: str) -> str:
    """Return the text of `html`, in time that is linear in its length."""
    lines = "".join(_pieces(html)).split("\n")
    return _MANY_BREAKS.sub("\n\n", "\n".join(line.strip() for line in lines)).strip()


def body_digest(visible: str) -> str:
    """Return the SHA-256 (hex) over the words of a body's visible text: of its HTML, where it has any.

    Vendors rewrite HTML, line breaks and blanks, and some give one form of a text only; what one reads stays the same.
    """
    return hashlib.sha256(" ".join(visible.split()).encode("utf-8", "surrogatepass")).hexdigest()


def _pieces(html: str) -> Iterator[str]:
    """Give the pieces between the tags, and line breaks for those that make some."""
    at = 0
    while found := _OPENING.search(html, at):
        yield _shown(html[at : found.start()])
        name = (found[4] or "").lower()
        # What never ends hides all the rest.
        at = html.find("-->" if found[1] else ">", found.end()) + (3 if found[1] else 1)
        if at < found.end():
            return
        if name in _HIDDEN and not found[3]:
            end = _HIDDEN[name].search(html, at)
            at = html.find(">", end.end()) + 1 if end else 0
            if not at:
                return
        if name in _BREAKING:
            yield "\n"
        elif name in {"td", "th"}:
            yield " "
    yield _shown(html[at:])


def _shown(text: str) -> str:
    return unescape(_BLANKS.sub(" ", text))
