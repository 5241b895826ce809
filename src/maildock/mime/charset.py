"""Bytes of text in whatever charset a mail claims, and what PostgreSQL can hold of it."""

import codecs
import re

_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_LONGEST_LABEL = 40
_MOST_HELD = 1 << 16
_LABEL = re.compile(r"[a-z0-9_.:-]+")
_WIDE = ("utf-16", "utf-32", "utf16", "utf32", "ucs")  # of a body; no header line is written in them
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)

# Senders label the larger set with the smaller one's name, so the larger is read (WHATWG Encoding, 4.2).
_LARGER = {
    "ascii": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "ksc5601": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_2",
}
_ALIASES = {
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "ks_c_5601-1987": "cp949",
    "x-sjis": "cp932",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "windows-874": "cp874",
    "windows-31j": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
}
# Codecs of Python that are no charsets of mail; some take quadratic time.
_NOT_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw-unicode-escape", "undefined", "unicode-escape"})


def codec_name(label: str) -> str | None:
    """Return Python's codec for a charset label of a mail, `None` for none and unknown ones."""
    found = _LABEL.search(label.lower())
    if not found or len(found.group()) > _LONGEST_LABEL:
        return None
    name = _ALIASES.get(found.group(), found.group())
    if name.startswith("cp-"):
        name = "cp" + name[3:]
    try:
        known = codecs.lookup(name).name
        # Nothing at all would decode with any codec; four bytes are a whole character in every charset.
        bytes(4).decode(known)
    except (LookupError, UnicodeError):
        return None
    return None if known in _NOT_TEXT else _LARGER.get(known, known)


def decode(data: bytes, label: str, *, cut: bool = False) -> str:
    """Decode `data`; a wrong or missing label gives way to UTF-8, then to Windows-1252. `cut`: the end is missing."""
    declared = codec_name(label)
    order = [name for name in (declared, "utf-8", _meta_codec(data) if declared is None else None) if name]
    if declared == "cp1252" and label.lower().startswith(("us", "ascii", "ansi")):
        order = [name for name in ("utf-8", _meta_codec(data), "cp1252") if name]
    for name in order:
        try:
            return scrub(codecs.getincrementaldecoder(name)("strict").decode(data, not cut))
        except UnicodeError:
            continue
    return scrub(data.decode(declared or "cp1252", "replace"))


class TextDecoder:
    """Decodes text that comes in chunks, and never fails; an unknown label is UTF-8.

    So is text whose codec cannot even begin: UTF-16 and UTF-32 refuse what has no byte order mark.
    """

    def __init__(self, label: str) -> None:
        """Start on a text with the charset `label`."""
        self._decoder = codecs.getincrementaldecoder(codec_name(label) or "utf-8")("replace")

    def decode(self, data: bytes, last: bool) -> str:
        """Decode the next chunk."""
        try:
            # UTF-7 holds back all of a run that does not end.
            return self._decoder.decode(data, last or len(self._decoder.getstate()[0]) > _MOST_HELD)
        except UnicodeError:
            held = self._decoder.getstate()[0]
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
            return self._decoder.decode(held + data, last)


def header_text(raw: bytes, label: str = "") -> str:
    """Decode the raw bytes of a header line: ISO-2022-JP, UTF-8, else the charset `label`, else Windows-1252."""
    if b"\x1b$" in raw or b"\x1b(" in raw:
        return raw.decode("iso2022_jp_2", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _mostly_utf8(raw) or decode(raw, "" if label.lower().startswith(_WIDE) else label)


def _mostly_utf8(raw: bytes) -> str:
    """Return text that is UTF-8 but for a few bytes, such as a character that was cut; else nothing."""
    text = raw.decode(errors="replace")
    bad = text.count("\ufffd")
    return text if 3 * bad < sum(char > "\x7f" for char in text) else ""


def scrub(text: str) -> str:
    """Drop what PostgreSQL's text refuses: NUL and lone surrogates."""
    return _FORBIDDEN.sub("", text)


def _meta_codec(data: bytes) -> str | None:
    found = _META.search(data, 0, 4096)
    return codec_name(found.group(1).decode()) if found else None
