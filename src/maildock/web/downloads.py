"""A document's bytes over HTTP: streamed, in ranges, and never run by the browser that gets them."""

import re
from collections.abc import Sequence
from os import stat_result
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from maildock.storage.base import ObjectStore
from maildock.tables.api_reads import DocumentRow
from maildock.web.problems import Problem
from maildock.web.ranges import wanted

CHUNK = 1 << 20

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_CARRIES_SCRIPT = re.compile(r"html|xml|svg|script|xsl|multipart|x-shockwave|message/", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9 !#$&+\-.^_`{}~()\[\],=@]")


async def download(request: Request, store: ObjectStore, row: DocumentRow) -> Response:
    """Give a document's bytes as a download; a client that has them already gets 304 (RFC 9110, 13)."""
    etag = f'"{row.sha256}"'
    headers = {
        "ETag": etag,
        "Content-Disposition": disposition(row.name),
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
    if _has_it(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    found = await store.local_stat(row.storage_key)
    if found is None or found.st_size != row.size:
        raise Problem(503, "The file store does not have this file; `maildock fsck` says more.", "storage")
    ranges = wanted(request.headers, row.size, etag)
    # As a header, and not as a media type, it is left without a charset, which nobody knows.
    headers["Content-Type"] = media_type(row.content_type)
    return _Download(store.local_path(row.storage_key), found, headers, ranges)


class _Download(FileResponse):
    """A file, or ranges of it that are already known to lie within."""

    chunk_size = CHUNK

    def __init__(
        self, path: Path, found: stat_result, headers: dict[str, str], ranges: Sequence[tuple[int, int]]
    ) -> None:
        super().__init__(path, headers=headers, stat_result=found)
        self._ranges = ranges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"if-range")]
        if self._ranges:
            ranges = ",".join(f"{start}-{end - 1}" for start, end in self._ranges)
            headers.append((b"range", f"bytes={ranges}".encode()))
        await super().__call__({**scope, "headers": headers}, receive, send)


def media_type(claimed: str) -> str:
    """Give the claimed type where no browser would run what it names."""
    safe = _MEDIA_TYPE.fullmatch(claimed) and not _CARRIES_SCRIPT.search(claimed)
    return claimed.lower() if safe else "application/octet-stream"


def disposition(name: str) -> str:
    """Write a Content-Disposition that makes the browser save: ASCII for old clients, UTF-8 for others (RFC 6266)."""
    plain = _UNSAFE.sub("_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{exact}'


def _has_it(tags: str, etag: str) -> bool:
    known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    return "*" in known or etag in known
