"""A document's bytes over HTTP: streamed, in ranges, and never run by the browser that gets them."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from maildock.storage.base import ObjectStore
from maildock.tables.api_reads import DocumentRow
from maildock.web.problems import Problem

CHUNK = 1 << 20

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_CARRIES_SCRIPT = re.compile(r"html|xml|svg|script|xsl|multipart|x-shockwave|pdf\+|message/rfc822", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9 !#$&+\-.^_`{}~()\[\],=@]")


class _Download(FileResponse):
    chunk_size = CHUNK


async def download(request: Request, store: ObjectStore, row: DocumentRow) -> Response:
    """Give a document's bytes as a download; a client that has them already gets 304 (RFC 9110, 13)."""
    headers = {
        "ETag": f'"{row.sha256}"',
        "Content-Disposition": disposition(row.name),
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
    if _has_it(request.headers.get("if-none-match", ""), row.sha256):
        return Response(status_code=304, headers=headers)
    if await store.size(row.storage_key) != row.size:
        raise Problem(503, "The file store does not have this file; `maildock fsck` says more.", "storage")
    return _Download(store.local_path(row.storage_key), headers=headers, media_type=media_type(row.content_type))


def media_type(claimed: str) -> str:
    """Give the claimed type where no browser would run what it names."""
    safe = _MEDIA_TYPE.fullmatch(claimed) and not _CARRIES_SCRIPT.search(claimed)
    return claimed.lower() if safe else "application/octet-stream"


def disposition(name: str) -> str:
    """Write a Content-Disposition that makes the browser save: ASCII for old clients, UTF-8 for others (RFC 6266)."""
    plain = _UNSAFE.sub("_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{exact}'


def _has_it(wanted: str, sha256: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
    return "*" in tags or f'"{sha256}"' in tags
