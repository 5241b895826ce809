"""Rewrite a stranger's HTML so that it is well-formed, shallow, and quick to parse, keeping what reads well.

An HTML parser takes quadratic time and worse on tags that nest thousands deep or are never closed, and a mail may hold
a megabyte of them. This walk is linear and its output nests at most `DEEPEST` elements, each of them closed. It does
not make anything safe: that is for the sanitiser, which gets the result.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from typing import NamedTuple

from maildock.web.pictures import DRAWN, DRAWN_BARELY, NONE, Pictures, is_drawn, is_elsewhere

DEEPEST = 60

_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s",
    "samp", "small", "strong", "sub", "sup", "tt", "u", "var",
))  # fmt: skip
_BLOCK = frozenset((
    "address", "blockquote", "caption", "dd", "div", "dl", "dt", "figcaption", "figure", "h4", "li", "ol",
    "p", "pre", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
_VOID = frozenset(("br", "hr"))
KEPT = _INLINE | _BLOCK | _VOID
_RENAMED = {
    "strike": "s",
    "center": "div",
    "section": "div",
    "article": "div",
    "header": "div",
    "footer": "div",
    "main": "div",
    "dir": "ul",
    "menu": "ul",
    **{f"h{level}": "h4" for level in range(1, 7)},
}
KEPT_ATTRIBUTES = {"a": ("href",), "td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "ol": ("start",)}
_CLOSED_BY_ITSELF = {
    "p": frozenset(("p",)),
    "li": frozenset(("li", "p")),
    "dt": frozenset(("dt", "dd", "p")),
    "dd": frozenset(("dt", "dd", "p")),
    "td": frozenset(("td", "th", "p")),
    "th": frozenset(("td", "th", "p")),
    "a": frozenset(("a",)),
}
# Elements whose content is no text for a reader; the tokenizer skips to their end.
_UNREADABLE = frozenset((
    "iframe", "noembed", "noframes", "noscript", "script", "select", "style", "template", "textarea", "title",
    "xmp",
))  # fmt: skip
# With these Outlook and Yahoo begin the history below a reply: up to its end, and in no quotation.
_HISTORY_IDS = frozenset(("divrplyfwdmsg", "mail-editor-reference-message-container"))
_HISTORY_CLASS = "yahoo_quoted"
_HISTORY_LINE = re.compile(r"border-top:solid#(?:e1e1e1|b5c4df)")
_UNFOLDED_IN = frozenset(("dl", "ol", "table", "tbody", "tfoot", "thead", "tr", "ul"))
_FOLD, _FOLD_END = "<details><summary>Show quoted text</summary>", "</details>"
_CLOSED_THROUGH = _INLINE | {"p", "h4"}

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,60})((?>(?:[^>\"']|\"[^\"]{0,8000}\"|'[^']{0,8000}')*))>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,20})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_LESS_THANS = re.compile(r"<{2,}")
_COMMENT_END = re.compile(r"--!?>")
_WINDOW = 10_000  # characters that a tag may take
# A picture in the text itself takes more; what is looked at here for each `<` is short, or ends at the next one.
_DRAWING = re.compile(
    rf"<img\s(?P<before>[^<>]{{0,1000}}?)\bsrc\s*=\s*(?:\"({DRAWN.pattern})\"|'({DRAWN.pattern})'|({DRAWN_BARELY.pattern}))"
    r"(?P<after>[^<>]{0,1000})>",
    re.IGNORECASE,
)


class Tag(NamedTuple):
    """A start or end tag; attribute names in lower case, values with their character references resolved."""

    name: str
    closes: bool
    attributes: dict[str, str]


def tokens(html: str) -> Iterator[str | Tag]:
    """Split HTML into texts and tags; comments, declarations, scripts, styles and the like are left out."""
    at = 0
    while (found := html.find("<", at)) >= 0:
        if found > at:
            yield html[at:found]
        at = found
        if match := _TAG.match(html, at, at + _WINDOW):
            tag = _tag(match)
            yield tag
            at = match.end()
            if tag.name in _UNREADABLE and not tag.closes:
                at = _after_unreadable(html, tag.name, at)
        elif match := _DRAWING.match(html, at):
            yield Tag(
                "img",
                closes=False,
                attributes={**_read(match["before"] + match["after"]), "src": match[2] or match[3] or match[4]},
            )
            at = match.end()
        elif html.startswith(("<!", "<?"), at):
            at = _after_declaration(html, at)
        elif html[at + 1 : at + 2].isalpha() or html[at + 1 : at + 2] == "/":
            at = html.find(">", at) + 1 or len(html)
        else:
            # Of many in a row, only the last may begin something; the walk would meet each of the others.
            run = _LESS_THANS.match(html, at)
            text = html[at : run.end() - 1] if run else "<"
            yield text
            at += len(text)
    if at < len(html):
        yield html[at:]


def _after_declaration(html: str, at: int) -> int:
    if not html.startswith("<!--", at):
        return html.find(">", at) + 1 or len(html)
    if html.startswith((">", "->"), at + 4):
        return html.index(">", at) + 1
    end = _COMMENT_END.search(html, at + 4)
    return end.end() if end else len(html)


def _after_unreadable(html: str, name: str, at: int) -> int:
    end = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(html, at)
    return end.start() if end else len(html)


def _tag(match: re.Match[str]) -> Tag:
    name = match[2].lower()
    return Tag(_RENAMED.get(name, name), bool(match[1]), _read(match[3]) if match[3].strip() else {})


def _read(written: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(written):
        attributes.setdefault(found[1].lower(), unescape(found[2] or found[3] or found[4] or ""))
    return attributes


class _Open(NamedTuple):
    name: str
    hides: bool
    quotes: bool


@dataclass(slots=True)
class Balanced:
    """The rewritten HTML as it grows; `pictures` says which are shown.

    `remote` counts pictures from elsewhere, `drawn` those in the text itself.
    """

    pictures: Pictures = NONE
    remote: int = 0
    drawn: int = 0
    _out: list[str] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _hidden: int = 0
    _quotes: int = 0
    _said: bool = False  # there is text that is no quotation
    _rest: int | None = None  # how deep a quotation lies that goes on to the end

    def take(self, token: str | Tag) -> None:
        """Append a text, or follow a tag."""
        if isinstance(token, str):
            text = unescape(token)
            self._said |= not (self._hidden or self._quotes or text.isspace())
            self._write(escape(text, quote=False))
        elif token.closes:
            self._close(frozenset((token.name,)))
        elif token.name == "img":
            self._picture(token)
        elif token.name in _VOID:
            self._write(f"<{token.name}>")
        elif len(self._open) < DEEPEST:
            self._begin(token)

    def finish(self) -> str:
        """Close what is open, and give the whole."""
        self._close_down_to(0)
        self._end_rest()
        return "".join(self._out)

    def _write(self, text: str) -> None:
        if not self._hidden:
            self._out.append(text)

    def _begin(self, tag: Tag) -> None:
        hides = bool(tag.attributes) and "display:none" in tag.attributes.get("style", "").lower().replace(" ", "")
        if not hides and tag.name not in KEPT:
            return
        if tag.name in _CLOSED_BY_ITSELF:
            self._close(_CLOSED_BY_ITSELF[tag.name], through=_CLOSED_THROUGH)
        quotes = tag.name == "blockquote" and not hides
        if hides:
            self._hidden += 1
        elif quotes:
            if not self._quotes:
                self._write(_FOLD)
            self._quotes += 1
        elif tag.attributes and self._said and not (self._quotes or self._hidden) and _begins_history(tag):
            self._begin_rest()
        self._write(f"<{tag.name}{_attributes(tag) if tag.attributes else ''}>")
        self._open.append(_Open(tag.name, hides, quotes))

    def _begin_rest(self) -> None:
        if not self._open or self._open[-1].name not in _UNFOLDED_IN:
            self._write(_FOLD)
            self._quotes += 1
            self._rest = len(self._open)

    def _end_rest(self) -> None:
        if self._rest is not None:
            self._write(_FOLD_END)
            self._quotes -= 1
            self._rest = None

    def _picture(self, tag: Tag) -> None:
        source = tag.attributes.get("src", "")
        self.remote += is_elsewhere(source)
        self.drawn += is_drawn(source)
        text = " ".join(tag.attributes.get("alt", "").split())
        address = self.pictures.address(source)
        if address:
            self._write(f'<img src="{escape(address)}" alt="{escape(text)}">')
        elif text or not is_elsewhere(source):
            # Those from elsewhere are offered below the mail, and many of them are there to fill a gap.
            self._write(f'<span class="picture">{escape(text) or "Picture"}</span>')

    def _close(self, names: frozenset[str], through: frozenset[str] | None = None) -> None:
        """Close the innermost element of these names, with what is open inside it; `through` limits that."""
        for depth in range(len(self._open) - 1, -1, -1):
            name = self._open[depth].name
            if name in names:
                self._close_down_to(depth)
                return
            if through is not None and name not in through:
                return

    def _close_down_to(self, depth: int) -> None:
        while len(self._open) > depth:
            if len(self._open) == self._rest:
                self._end_rest()
            closed = self._open.pop()
            self._write(f"</{closed.name}>")
            if closed.hides:
                self._hidden -= 1
            elif closed.quotes:
                self._quotes -= 1
                if not self._quotes:
                    self._write(_FOLD_END)


def _begins_history(tag: Tag) -> bool:
    if tag.name != "div":
        return False
    style = tag.attributes.get("style", "").lower().replace(" ", "")
    return (
        tag.attributes.get("id", "").lower() in _HISTORY_IDS
        or _HISTORY_CLASS in tag.attributes.get("class", "").split()
        or _HISTORY_LINE.search(style) is not None
    )


def _attributes(tag: Tag) -> str:
    kept = KEPT_ATTRIBUTES.get(tag.name, ())
    return "".join(f' {name}="{escape(tag.attributes[name])}"' for name in kept if name in tag.attributes)


def balance(html: str, pictures: Pictures = NONE) -> Balanced:
    """Rewrite the whole of `html`; ask the result to `finish()`."""
    balanced = Balanced(pictures)
    for token in tokens(html):
        balanced.take(token)
    return balanced
