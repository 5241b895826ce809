"""A document's bytes to be looked at in a frame: only what browsers show without running it, and in a sandbox.

Chromium's reader for PDF opens in no sandbox: a script in a PDF may show a message there.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from maildock.storage.base import ObjectStore
from maildock.tables.api_reads import DocumentRow
from maildock.web import downloads
from maildock.web.problems import not_found

LONGEST_TEXT = 4 << 20  # bytes; a browser lays out all of it at once

_IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"))
_TEXTS = frozenset(("text/plain", "text/csv", "text/markdown", "text/x-log", "text/tab-separated-values"))
_TEXT = "text/plain; charset=utf-8"

# Browsers dress a bare picture in styles of their own. `sandbox` takes the frame's origin, scripts and forms away; it
# stands here and not on the frame, or Chromium's reader for PDF would not open.
_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)


def kind(content_type: str, size: int) -> str | None:
    """Say how a document can be looked at: `image`, `pdf`, `text`, or not at all."""
    plain = content_type.partition(";")[0].strip().lower()
    if plain in _IMAGES:
        return "image"
    if plain == "application/pdf":
        return "pdf"
    return "text" if plain in _TEXTS and size <= LONGEST_TEXT else None


async def preview(request: Request, store: ObjectStore, row: DocumentRow) -> Response:
    """Give a document's bytes, as they are, to a frame of our own; others than these kinds are not there."""
    seen_as = kind(row.content_type, row.size)
    if seen_as is None:
        raise not_found()
    response = await downloads.download(request, store, row)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Content-Disposition"] = re.sub("^attachment", "inline", downloads.disposition(row.name))
    if seen_as == "text" and "content-type" in response.headers:
        response.headers["Content-Type"] = _TEXT
    return response
