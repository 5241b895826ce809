"""The bytes of attachments: found by the part's stable id, fetched by a handle that lives for a moment only."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from maildock.domain.errors import Corrupt, Gone, NotThere, Refused
from maildock.domain.ids import ORIGINAL
from maildock.mime.content import Decoder
from maildock.providers.base import AttachmentRef, EmailRef
from maildock.providers.gmail import calls
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.descriptions import Descriptions
from maildock.providers.gmail.raw import NotInRaw, RawMails
from maildock.providers.gmail.reading import IN_RAW, IN_TEXT
from maildock.providers.gmail.refusals import Stale
from maildock.providers.gmail.tree import Content, Described, Node, Unreadable
from maildock.providers.json_bytes import FieldDecoder

log = structlog.get_logger(__name__)

_TRIES = 3  # with a remembered handle, with a fresh one, and once more
_IN_TEXT = re.compile(r"uu;(\d{1,12})\+(\d{1,12})", re.ASCII)


class Attachments:
    """Streams attachments."""

    def __init__(self, client: Client, descriptions: Descriptions, raw: RawMails) -> None:
        self._client = client
        self._descriptions = descriptions
        self._raw = raw

    async def open(self, attachment: AttachmentRef) -> AsyncGenerator[bytes]:
        """Stream a part, a file inside a text, or the message itself as `original`."""
        email = attachment.email
        if attachment.attachment_id == ORIGINAL:
            chunks = self._raw.chunks(email)
        elif attachment.locator.startswith(IN_RAW):
            chunks = self._raw.part(email, attachment.locator.removeprefix(IN_RAW))
        elif attachment.locator.startswith(IN_TEXT):
            chunks = self._inside(email, attachment)
        else:
            chunks = self.part(email, attachment.attachment_id)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    async def part(self, email: EmailRef, part_id: str) -> AsyncGenerator[bytes]:
        """Stream a part by its id; where its handle is refused, its message is read again for another."""
        for _ in range(_TRIES):
            chunks = await self._source(email, part_id)
            try:
                async with aclosing(chunks):
                    async for chunk in chunks:
                        yield chunk
            except (Stale, NotThere):
                # Neither comes after the first byte; a message that is gone shows when it is read again.
                self._descriptions.forget(email)
            else:
                return
        raise Refused("Gmail refuses every handle of this attachment that it gives us")

    async def _source(self, email: EmailRef, part_id: str) -> AsyncGenerator[bytes]:
        known = self._descriptions.remembered(email, part_id)
        if known is not None:
            return self.content(email, known)
        try:
            described = await self._descriptions.read(email, part_id)
        except Unreadable:
            # It was not when the part was written down: what comes inside of a description differs from time to time.
            return self._raw.at(email, part_id)
        node = next((one for one in described.nodes if one.leaf.position == part_id), None)
        if node is None:
            raise Gone("the mail has no such part")
        if described.is_read_raw(node):
            return self._from_raw(email, described, node)
        return self.content(email, node.content)

    async def _from_raw(self, email: EmailRef, described: Described, node: Node) -> AsyncGenerator[bytes]:
        """Stream a part out of the raw message, or as Gmail has taken it apart where that is all there is."""
        chunks = self._raw.node(email, described, node)
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
        except NotInRaw:
            if not node.content.is_told:
                raise
            log.warning("an attached mail is not where Gmail says it is", **_names(email))
            async for chunk in self.content(email, node.content):
                yield chunk

    async def content(self, email: EmailRef, content: Content) -> AsyncGenerator[bytes]:
        """Stream what a description says where it is. Raises `Stale` or `NotThere` for a handle that is too old."""
        if not content.is_told:
            if content.size:
                raise Corrupt("Gmail says neither what is in this part nor how to ask for it")
            return
        if content.data is not None:
            data = content.decoded()
            _note_size(email, content.size, len(data))
            yield data
            return
        decoder = FieldDecoder()
        async with self._client.stream(email, calls.attachment(email.email_id, content.handle)) as stream:
            async for chunk in stream.chunks():
                if data := decoder.feed(chunk):
                    yield data
        yield decoder.finish()
        _note_size(email, content.size if decoder.declared is None else decoder.declared, decoder.length)

    async def _inside(self, email: EmailRef, attachment: AttachmentRef) -> AsyncGenerator[bytes]:
        """Stream a uuencoded file out of the text that it stands in."""
        found = _IN_TEXT.fullmatch(attachment.locator)
        part_id, _, _ = attachment.attachment_id.rpartition("/")
        if not found:
            raise Corrupt("the place of this file in its mail is not known any more")
        start, size = int(found[1]), int(found[2])
        decoder = Decoder(f"0+{start + size};id;{start}+{size}")
        async with aclosing(self.part(email, part_id)) as chunks:
            async for chunk in chunks:
                yield decoder.feed(chunk)
        yield decoder.finish()


def _note_size(email: EmailRef, declared: int, length: int) -> None:
    """Log that a part, which was whole, is longer or shorter than Gmail said."""
    if declared != length:
        names = _names(email)
        log.warning("an attachment has another size than Gmail said", **names, declared=declared, length=length)


def _names(email: EmailRef) -> dict[str, str]:
    return {"tenant": str(email.tenant), "provider_id": str(email.provider_id), "email_id": email.email_id}
