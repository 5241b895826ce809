"""File names that are safe to store, to show and to download, from whatever a mail claims."""

import mimetypes
import re
import unicodedata

from maildock.mime import words

LONGEST = 255  # bytes of UTF-8, as most file systems have it
_LONGEST_EXTENSION = 32
# A blank behind the colon makes it a reply prefix, as in `R: Invoice.eml`.
_DRIVE = re.compile(r"(?:[A-Za-z]:(?!\s))+")
_BLANKS = re.compile(r"\s+")
_WHITESPACE_CONTROLS = frozenset("\t\n\r\v\f")
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Joiners make the letters of Persian and of Indic scripts, and the emoji; they hide nothing.
_WANTED_FORMATS = "\u200c\u200d"

_EXTENSIONS = {
    "application/gzip": ".gz",
    "application/ics": ".ics",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-mime": ".p7m",
    "application/x-pkcs7-signature": ".p7s",
    "application/postscript": ".ps",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "audio/mp3": ".mp3",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/pjpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "message/global": ".eml",
    "message/news": ".eml",
    "message/rfc822": ".eml",
    "message/rfc822-headers": ".txt",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/xml": ".xml",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}


def clean_name(raw: str, content_type: str, fallback_stem: str) -> str:
    """Return a name for a file, at most 255 bytes long, from the name that the mail gives it.

    Encoded words are decoded, folders and drives, control, format and bidi characters left out, Unicode composed
    (NFC). Where nothing remains it is `fallback_stem` with the extension of `content_type`.
    """
    name = _last_step(_visible(words.decode(raw)))
    if not name.strip(". "):
        name = (_last_step(_visible(fallback_stem)).strip(". ") or "attachment") + extension(content_type)
    return _fitting(name)


def extension(content_type: str) -> str:
    """Return the extension of a content type, with its dot; `.bin` for an unknown one."""
    return _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type, strict=False) or ".bin"


def guess_type(name: str) -> str:
    """Return the content type that a file name's extension stands for; application/octet-stream for an unknown one."""
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def _visible(text: str) -> str:
    spaced = _BLANKS.sub(_one_line, text)
    kept = "".join(char for char in spaced if char in _WANTED_FORMATS or unicodedata.category(char) not in _UNWANTED)
    return unicodedata.normalize("NFC", kept).strip()


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
