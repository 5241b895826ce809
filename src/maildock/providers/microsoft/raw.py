"""A message as raw mail: a second way to its text and its attachments, where Graph's own fails."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from maildock.domain.errors import Corrupt, NotAMessage, Unavailable
from maildock.domain.message import InboundMessage, Part
from maildock.mime.reader import read_message
from maildock.providers.base import AttachmentRef
from maildock.providers.microsoft import calls
from maildock.providers.microsoft.client import Client, Opened
from maildock.providers.raw_mail import decoded, decoded_length, spooled
from maildock.storage.spool import Spool

IN_RAW = "mime "
_SLACK = 16 * 1024  # what Graph counts into a size beside the bytes


class RawMails:
    """Reads messages as raw mail, at most `most` bytes of each."""

    def __init__(self, client: Client, spool: Spool, most: int) -> None:
        self._client = client
        self._spool = spool
        self._most = most

    async def message(self, opened: Opened, email_id: str) -> InboundMessage:
        """Read a message; where its parts lie is said so that `part` finds them."""
        async with self._spooled(opened, email_id) as path:
            message = await asyncio.to_thread(_read, path)
        parts = tuple(replace(part, locator=IN_RAW + part.locator) if part.locator else part for part in message.parts)
        return replace(message, parts=parts)

    async def part(self, opened: Opened, email_id: str, locator: str) -> AsyncGenerator[bytes]:
        """Stream the part at a locator that `message` gave."""
        async with self._spooled(opened, email_id) as path:
            async for chunk in decoded(path, locator.removeprefix(IN_RAW)):
                yield chunk

    async def like(self, opened: Opened, wanted: AttachmentRef) -> AsyncGenerator[bytes]:
        """Stream the one part that is like an attachment; raises `Corrupt` unless there is exactly one."""
        async with self._spooled(opened, wanted.email.email_id) as path:
            message = await asyncio.to_thread(_read, path)
            alike = [part for part in message.parts if part.locator and _is_alike(part, wanted)]
            fitting = [
                part for part in alike if fits(await asyncio.to_thread(decoded_length, path, part.locator), wanted)
            ]
            if len(fitting) != 1:
                raise Corrupt(f"the raw mail has {len(fitting)} parts like this attachment")
            async for chunk in decoded(path, fitting[0].locator):
                yield chunk

    def _spooled(self, opened: Opened, email_id: str) -> AbstractAsyncContextManager[Path]:
        return spooled(self._spool, self._chunks(opened, email_id), self._most)

    async def _chunks(self, opened: Opened, email_id: str) -> AsyncGenerator[bytes]:
        async with self._client.stream(opened, calls.mime(opened.mailbox, email_id)) as stream:
            if not stream.is_delimited:
                raise Unavailable("Graph does not say where the raw mail ends")
            async for chunk in stream.chunks():
                yield chunk


def _read(path: Path) -> InboundMessage:
    try:
        with path.open("rb") as source:
            return read_message(source)
    except NotAMessage as problem:
        raise Corrupt("Graph's raw mail has no header") from problem


def _is_alike(part: Part, wanted: AttachmentRef) -> bool:
    return part.file_name == wanted.file_name and part.content_type == wanted.content_type


def fits(length: int, wanted: AttachmentRef) -> bool:
    """Say whether so many bytes can be those declared: Graph counts more, up to the size of their base64."""
    if wanted.size is None:
        return True
    return length <= wanted.size <= length * 3 // 2 + _SLACK
