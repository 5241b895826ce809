"""A document's bytes to be looked at in a frame: only what browsers show without running it, and in a sandbox."""

import codecs
import re

from starlette.requests import Request
from starlette.responses import Response

from maildock.mime.filetypes import guess_type
from maildock.storage.base import ObjectStore
from maildock.tables.api_reads import DocumentRow
from maildock.web import downloads
from maildock.web.problems import not_found

LONGEST_TEXT = 4 << 20  # bytes; a browser lays out all of it at once

_PDF = "application/pdf"
_ALIASES = {
    "application/x-pdf": _PDF,
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
}
_IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"))
_TEXTS = frozenset(
    ("text/plain", "text/csv", "text/markdown", "text/x-log", "text/tab-separated-values", "application/json")
)
# Senders that do not know what they send call it so; then its name says more. Excel calls a CSV file by its own type.
_VAGUE = frozenset(
    ("application/octet-stream", "application/x-download", "application/force-download", "application/vnd.ms-excel")
)

# The escapes to JIS X 0208 (RFC 1468): all else of ISO-2022-JP looks like ASCII.
_JAPANESE = re.compile(rb"\x1b\$[@B]")

# Browsers dress a bare picture in styles of their own. `sandbox` takes the frame's origin, scripts and forms away.
_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)


def apparent_type(content_type: str, name: str) -> str:
    """Give the type that a document has by its mail or, where that says nothing, by its name."""
    plain = content_type.partition(";")[0].strip().lower()
    return guess_type(name) if plain in _VAGUE and "." in name else _ALIASES.get(plain, plain)


def kind(content_type: str, name: str, size: int) -> str | None:
    """Say how a document can be looked at: `image`, `pdf`, `text`, or not at all."""
    apparent = apparent_type(content_type, name)
    if apparent in _IMAGES:
        return "image"
    if apparent == _PDF:
        return "pdf"
    return "text" if apparent in _TEXTS and size <= LONGEST_TEXT else None


async def preview(request: Request, store: ObjectStore, row: DocumentRow) -> Response:
    """Give the bytes of a picture or a text, as they are, to a frame of our own; other documents are not there."""
    seen_as = kind(row.content_type, row.name, row.size)
    if seen_as not in ("image", "text"):
        raise not_found()
    response = await downloads.download(request, store, row)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Content-Disposition"] = re.sub("^attachment", "inline", downloads.disposition(row.name))
    if "content-type" in response.headers:
        text = seen_as == "text"
        shown_as = await _text_type(store, row) if text else apparent_type(row.content_type, row.name)
        response.headers["Content-Type"] = shown_as
    return response


async def _text_type(store: ObjectStore, row: DocumentRow) -> str:
    """Name the charset where the bytes say it; else browsers find out better than anybody what a text is in."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        async for piece in store.read(row.storage_key):
            if _JAPANESE.search(piece):
                return "text/plain; charset=iso-2022-jp"
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "text/plain"
    return "text/plain; charset=utf-8"
