"""Open: the bytes of an attachment, by three ways, for Graph times out on large ones.

First its `$value`; then the base64 of its own record; then the message's MIME, out of which it is taken only if
exactly one part fits.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from maildock.domain.errors import Unavailable
from maildock.domain.message import Part
from maildock.mime.content import Decoder, byte_range
from maildock.mime.reader import read_message
from maildock.providers.base import AttachmentRef
from maildock.providers.http import Stream
from maildock.providers.json_bytes import FieldDecoder
from maildock.providers.microsoft.attachments import BODY_ID
from maildock.providers.microsoft.client import Graph, key
from maildock.providers.microsoft.items import Letter
from maildock.providers.microsoft.refusals import TimedOut
from maildock.storage.spool import OverLimit, Spool, SpoolFile

_TRIES = 2
_PAUSE = 0.5
_PIECE = 256 * 1024
# Declared sizes overstate: they count what the store adds, or the encoding.
_OVERSTATED_BYTES, _OVERSTATED = 4096, 1.5


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens attachments; a message's MIME goes through the spool, up to its limit in bytes."""

    spool: Spool
    max_message_bytes: int

    async def open(self, graph: Graph, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream an attachment's bytes; ends without an error only when they are whole."""
        message = graph.user(f"messages/{key(attachment.email.email_id)}")
        if attachment.attachment_id == BODY_ID:
            content = await graph.ask("GET", f"{message}?$select=body")
            yield Letter.read(content).body.encode()
            return
        part = f"{message}/attachments/{key(attachment.attachment_id)}"
        for attempt in range(_TRIES):
            try:
                async with graph.stream("GET", f"{part}/$value") as stream:
                    _assert_its_own(stream, attachment)
                    async for chunk in stream.chunks():
                        yield chunk
                    return
            except TimedOut:
                await asyncio.sleep(_PAUSE * (attempt + 1))
        async for chunk in self._other_ways(graph, message, part, attachment):
            yield chunk

    async def _other_ways(
        self, graph: Graph, message: str, part: str, attachment: AttachmentRef
    ) -> AsyncIterator[bytes]:
        if attachment.locator == "file":
            try:
                async with graph.stream("GET", part) as stream:
                    decoder = FieldDecoder("contentBytes", url_safe=False)
                    async for chunk in stream.chunks():
                        yield decoder.feed(chunk)
                    yield decoder.finish()
                    return
            except TimedOut:
                pass
        async for chunk in self._out_of_mime(graph, message, attachment):
            yield chunk

    async def _out_of_mime(self, graph: Graph, message: str, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        async with graph.stream("GET", f"{message}/$value") as stream:
            try:
                spooled = await self.spool.spool(stream.chunks(), self.max_message_bytes)
            except OverLimit as problem:
                raise Unavailable("Graph times out, and the mail is too long to be read whole") from problem
        try:
            part = await asyncio.to_thread(_only_fitting, spooled, attachment)
            start, end = byte_range(part.locator)
            decoder = Decoder(part.locator)
            with spooled.path.open("rb", buffering=0) as file:
                file.seek(start)
                while start < end and (piece := await asyncio.to_thread(file.read, min(_PIECE, end - start))):
                    start += len(piece)
                    yield decoder.feed(piece)
            yield decoder.finish()
        finally:
            await self.spool.discard(spooled)


def _assert_its_own(stream: Stream, attachment: AttachmentRef) -> None:
    """Refuse a web page in place of a file: so gateways apologise, with a status of success."""
    given = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given == "text/html" and attachment.content_type != given:
        raise Unavailable("Graph's answer is a web page, and not the file")


def _only_fitting(spooled: SpoolFile, attachment: AttachmentRef) -> Part:
    with spooled.path.open("rb") as source:
        parts = [part for part in read_message(source).parts if _fits(spooled, part, attachment)]
    if len(parts) != 1:
        raise Unavailable(f"Graph times out, and {len(parts)} parts of the mail fit this attachment")
    return parts[0]


def _fits(spooled: SpoolFile, part: Part, attachment: AttachmentRef) -> bool:
    if part.file_name != attachment.file_name or part.content_type != attachment.content_type:
        return False
    size, declared = _decoded_size(spooled, part), attachment.size
    return declared is None or size <= declared <= size * _OVERSTATED + _OVERSTATED_BYTES


def _decoded_size(spooled: SpoolFile, part: Part) -> int:
    start, end = byte_range(part.locator)
    decoder, size = Decoder(part.locator), 0
    with spooled.path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < end and (piece := file.read(min(_PIECE, end - start))):
            start += len(piece)
            size += len(decoder.feed(piece))
    return size + len(decoder.finish())
