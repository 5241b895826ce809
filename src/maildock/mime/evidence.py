"""The evidence that a part is inline: the HTML body really shows it.

The one place that judges this, for every provider. What counts is that an attribute which loads a picture, or CSS,
points at the part's Content-ID or Content-Location (RFC 2392, RFC 2557); a link to it shows nothing, and neither do
the part's own marks.
"""

import re
from collections.abc import Collection
from html import unescape
from urllib.parse import unquote, urljoin

_LOADING = frozenset({"src", "background", "poster", "lowsrc", "dynsrc"})
_LOADING_BY_LINK = {"image": ("href", "xlink:href"), "use": ("href", "xlink:href")}
_RAW = frozenset({"script", "style", "title", "textarea", "xmp", "noembed", "noframes"})

_LONGEST_VALUE = 1 << 16
_LONGEST_TARGET = 1 << 11
_MOST_CHARACTERS = 1 << 20

_OPENING = re.compile(r"<(?:!--|(?=[a-zA-Z]))")
_LONGEST_OPENING = len("<!--")
_BLANK = re.compile(r"[\s/]*")
_TAG_NAME = re.compile(r"[^\s/>]{1,64}")
_ATTRIBUTE = re.compile(r"[^\s=>/]+|=")
_ASSIGN = re.compile(r"\s*=\s*")
_UNQUOTED = re.compile(r"[^\s>]*")
_CSS = re.compile(r"url\(\s{0,100}(?:\"([^\"]{0,2048})\"|'([^']{0,2048})'|([^\"'()]{0,2048}))", re.IGNORECASE)
_COMMENT_END = re.compile("-->")
_RAW_END = {tag: re.compile(f"</{tag}", re.IGNORECASE) for tag in sorted(_RAW)}
_INNER_BLANKS = re.compile(r"[\t\r\n]+")


def references(html: str) -> frozenset[str]:
    """Return what `html` shows: `cid:…` targets and locations, normalised, for `shows` to look up."""
    scanner = ReferenceScanner()
    scanner.feed(html)
    return scanner.finish()


def shows(references: Collection[str], content_id: str, content_location: str) -> bool:
    """Say whether a part with these headers, as written or empty, is among the `references` of the HTML."""
    # A comment may stand beside the angle brackets.
    cid = _content_id(content_id.partition("<")[2].partition(">")[0] or content_id)
    location = _location(content_location)
    return bool(cid and f"cid:{cid}" in references) or bool(location and location in references)


def _target(value: str) -> str:
    """Normalise the target of an attribute; empty for what can be no part."""
    target = _INNER_BLANKS.sub("", unescape(value[:_LONGEST_TARGET])).strip(" \"'<>")
    if target[:5].lower() == "data:":
        return ""
    if target[:4].lower() == "cid:":
        cid = _content_id(target[4:])
        return f"cid:{cid}" if cid else ""
    return _location(target)


def _content_id(text: str) -> str:
    return unquote(text).strip(" \t\r\n\"'<>").casefold()


def _location(text: str) -> str:
    return unquote(_INNER_BLANKS.sub("", text)).strip(" \"'<>")


def _resolved(base: str, target: str) -> str:
    try:
        return urljoin(base, target)[:_LONGEST_TARGET]
    except ValueError:
        return target


class ReferenceScanner:
    """Collects the references of HTML that comes in chunks, in linear time and bounded memory.

    Reads as a browser does: comments and scripts show nothing, an unclosed quote hides what follows. References beyond
    a million characters in all are left out; their parts are then kept as files. What is relative counts as written
    and as it is against the `base` of the HTML.
    """

    def __init__(self) -> None:
        self.base = ""
        self._found: set[str] = set()
        self._room = _MOST_CHARACTERS
        self._text = ""
        self._at = 0
        self._state = self._in_text
        self._tag = ""
        self._attribute = ""
        self._quote = ""
        self._value = ""
        self._last = False

    def feed(self, text: str) -> None:
        """Read on."""
        self._text = self._text[self._at :] + text
        self._at = 0
        while self._state():
            pass

    def finish(self) -> frozenset[str]:
        """Read what was held back and return every reference."""
        self._last = True
        self.feed("")
        return frozenset(self._found)

    # Each state reads one token and says whether to go on; False waits for more text.

    def _in_text(self) -> bool:
        found = _OPENING.search(self._text, self._at)
        if not found:
            # The last characters may be the beginning of one.
            self._at = max(self._at, len(self._text) - _LONGEST_OPENING + 1)
            return False
        comment = found.group() != "<"
        # A comment may end with the dashes that it begins with.
        self._at = found.start() + (2 if comment else 1)
        self._state = self._in_comment if comment else self._in_tag_name
        return True

    def _in_tag_name(self) -> bool:
        found = _TAG_NAME.match(self._text, self._at)
        if not found or (found.end() == len(self._text) and not self._last):
            return False
        self._tag, self._at = found.group().lower(), found.end()
        self._state = self._in_tag
        return True

    def _in_tag(self) -> bool:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        if self._text.startswith(">", self._at):
            self._at += 1
            self._state = self._in_raw if self._tag in _RAW else self._in_text
            return True
        found = _ATTRIBUTE.match(self._text, self._at)
        if not found:
            return False
        assign = _ASSIGN.match(self._text, found.end())
        end = assign.end() if assign else found.end()
        if end == len(self._text) and not self._last and end - self._at < _LONGEST_VALUE:
            return False
        self._at = end
        if assign:
            self._attribute, self._value = found.group()[:64].lower(), ""
            self._quote = self._text[end : end + 1] if self._text[end : end + 1] in {'"', "'"} else ""
            self._at += len(self._quote)
            self._state = self._in_value
        return True

    def _in_value(self) -> bool:
        if self._quote:
            end = self._text.find(self._quote, self._at)
        else:
            found = _UNQUOTED.match(self._text, self._at)
            end = found.end() if found and found.end() < len(self._text) else -1
        piece = self._text[self._at : end if end >= 0 else len(self._text)]
        self._value += piece[: _LONGEST_VALUE - len(self._value)]
        self._at += len(piece)
        if end < 0 and not self._last:
            return False
        self._at += len(self._quote)
        self._take(self._attribute, self._value)
        self._state = self._in_tag
        return end >= 0

    def _in_comment(self) -> bool:
        return self._skip_to(_COMMENT_END, "-->")

    def _in_raw(self) -> bool:
        if self._tag != "style":
            return self._skip_to(_RAW_END[self._tag], f"</{self._tag}")
        start = self._at
        ended = self._skip_to(_RAW_END["style"], "</style" + " " * 2 * _LONGEST_TARGET)
        self._take_css(self._text[start : self._at if ended else len(self._text)])
        return ended

    def _skip_to(self, end: re.Pattern[str], mark: str) -> bool:
        """Go on behind the `end`, or wait for it, holding back what may be the beginning of its `mark`."""
        found = end.search(self._text, self._at)
        if found:
            self._at, self._state = found.end(), self._in_text
            return True
        self._at = max(self._at, len(self._text) - len(mark))
        return False

    def _take(self, attribute: str, value: str) -> None:
        if attribute in _LOADING or attribute in _LOADING_BY_LINK.get(self._tag, ()):
            self._keep(_target(value))
        elif (self._tag, attribute) == ("base", "href"):
            self.base = _target(value)
        elif attribute == "srcset":
            for candidate in unescape(value).split(","):
                self._keep(_target(candidate.strip().partition(" ")[0]))
        elif attribute == "style":
            self._take_css(unescape(value))

    def _take_css(self, css: str) -> None:
        for found in _CSS.finditer(css):
            self._keep(_target(found[1] or found[2] or found[3] or ""))

    def _keep(self, target: str) -> None:
        if not target or target in self._found or len(target) > self._room:
            return
        self._add(target)
        if self.base and not target.startswith("cid:"):
            self._add(_resolved(self.base, target))

    def _add(self, target: str) -> None:
        self._found.add(target)
        self._room -= len(target)
