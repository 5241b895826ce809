"""All documents of a ticket as one ZIP archive, written while it is read: no temporary file, little memory."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from starlette.responses import Response, StreamingResponse

from maildock.storage.base import ObjectStore
from maildock.tables.api_reads import DocumentRow
from maildock.web.downloads import disposition
from maildock.web.entry_names import EntryNames
from maildock.web.problems import Problem

_LARGE = 1 << 31


async def download(store: ObjectStore, rows: Sequence[DocumentRow], name: str, *, head: bool = False) -> Response:
    """Give the archive, for `head` without a byte of it; one whose files are not all there is an error at once."""
    for row in rows:
        if await store.size(row.storage_key) != row.size:
            raise Problem(503, f"The file store does not have {row.name}; `maildock fsck` says more.", "storage")
    headers = {"Content-Disposition": disposition(name), "Cache-Control": "private, no-store"}
    if head:
        empty = Response(headers=headers, media_type="application/zip")
        del empty.headers["content-length"]
        return empty
    return StreamingResponse(_stream(store, rows), headers=headers, media_type="application/zip")


async def _stream(store: ObjectStore, rows: Sequence[DocumentRow]) -> AsyncIterator[bytes]:
    sink = _Sink()
    names = EntryNames()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for row in reversed(rows):
            entry = zipfile.ZipInfo(names.take(row.name), _dos_time(row.created_at))
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w", force_zip64=row.size >= _LARGE) as file:
                async for chunk in store.read(row.storage_key):
                    await asyncio.to_thread(file.write, chunk)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Takes what the archive writes, until it is taken on; cannot seek, so sizes follow each file's bytes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload] # any buffer
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _dos_time(moment: datetime) -> tuple[int, int, int, int, int, int]:
    return (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
