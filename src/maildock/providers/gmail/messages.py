"""Messages, read from their descriptions with whatever else has to be asked for."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from maildock.domain.errors import AttachmentError, Corrupt, NotAMessage
from maildock.domain.message import InboundMessage
from maildock.mime import attached, header
from maildock.mime.content import Locator
from maildock.mime.window import Window
from maildock.providers.base import EmailRef
from maildock.providers.gmail import calls, reading
from maildock.providers.gmail.attachments import Attachments
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.descriptions import Descriptions
from maildock.providers.gmail.raw import RawMails
from maildock.providers.gmail.reading import TextRange
from maildock.providers.gmail.tree import Described, Node, Unreadable, about
from maildock.storage.spool import OverLimit, Spool

_MOST_SUBJECTS_ASKED = 10


class Messages:
    """Reads messages."""

    def __init__(
        self,
        client: Client,
        descriptions: Descriptions,
        raw: RawMails,
        attachments: Attachments,
        spool: Spool,
        most: int,
    ) -> None:
        """Keep at most `most` bytes of a message's texts."""
        self._client = client
        self._descriptions = descriptions
        self._raw = raw
        self._attachments = attachments
        self._spool = spool
        self._most = most

    async def read(self, email: EmailRef) -> InboundMessage:
        """Read a message; one that Gmail cannot describe is read in its raw form."""
        try:
            described = await self._descriptions.read(email)
        except Unreadable:
            return await self._read_raw(email)
        texts = reading.texts(described)
        if any(node.only_raw_has for node in texts):
            return await self._read_raw(email)
        described = await self._with_subjects(email, described)
        if not any(node.content.handle for node in texts):
            return await asyncio.to_thread(reading.read_here, described)
        return await self._read_spooled(email, described)

    async def _read_spooled(self, email: EmailRef, described: Described) -> InboundMessage:
        try:
            spooled = await self._spool.spool(self._laid_out(email, reading.texts(described)), self._most)
        except OverLimit as problem:
            raise Corrupt(f"the texts of the message are longer than {self._most} bytes") from problem
        try:
            return await asyncio.to_thread(_from_file, spooled.path, partial(reading.read_laid_out, described))
        finally:
            await self._spool.discard(spooled)

    async def _laid_out(self, email: EmailRef, texts: list[Node]) -> AsyncGenerator[bytes]:
        start = 0
        for node in texts:
            place = TextRange(node, start)
            async with aclosing(self._text(email, node)) as chunks:
                async for chunk in chunks:
                    place.feed(chunk)
                    yield chunk
            place.finish()
            start = node.leaf.end

    def _text(self, email: EmailRef, node: Node) -> AsyncGenerator[bytes]:
        if node.content.handle:
            return self._attachments.part(email, node.leaf.position)
        return self._attachments.content(email, node.content)

    async def _with_subjects(self, email: EmailRef, described: Described) -> Described:
        """Look up how attached mails are called, where neither a name nor a description of their own says that."""
        nameless = [node for node in described.nodes if _is_nameless(node)][:_MOST_SUBJECTS_ASKED]
        found = {id(node): replace(node, subject=await self._subject(email, node)) for node in nameless}
        return replace(described, nodes=tuple(found.get(id(node), node) for node in described.nodes))

    async def _subject(self, email: EmailRef, node: Node) -> str:
        start = bytearray()
        try:
            async with aclosing(self._attachments.content(email, node.content)) as chunks:
                async for chunk in chunks:
                    start += chunk
                    if len(start) >= header.PART_LIMIT:
                        break
        except AttachmentError:
            # It gets a name that says nothing; what is wrong shows when the file itself is read.
            return ""
        return attached.subject(Window(io.BytesIO(start)), Locator(0, len(start)))

    async def _read_raw(self, email: EmailRef) -> InboundMessage:
        known = about(await self._client.ask(email, calls.message(email.email_id, "minimal")))
        async with self._raw.spooled(email) as path:
            try:
                return await asyncio.to_thread(_from_file, path, partial(reading.read_raw, known=known))
            except NotAMessage as problem:
                raise Corrupt("the message has no header") from problem


def _from_file(path: Path, read: Callable[[BinaryIO], InboundMessage]) -> InboundMessage:
    with path.open("rb") as source:
        return read(source)


def _is_nameless(node: Node) -> bool:
    head = node.leaf.header
    return head.content_type in attached.TYPES and not head.name and not node.has_parts and node.content.is_told
