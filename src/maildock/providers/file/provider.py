"""Read kept raw messages: their structure once, the bytes of a part whenever they are wanted."""

import asyncio
from collections.abc import AsyncIterator

from maildock.domain.errors import Corrupt, Gone, StorageFailure
from maildock.domain.ids import ORIGINAL
from maildock.domain.message import InboundMessage
from maildock.mime.content import Decoder, byte_range
from maildock.mime.reader import read_message
from maildock.providers.base import AttachmentRef, EmailRef
from maildock.storage.base import ObjectStore
from maildock.storage.keys import object_key


class FileProvider:
    """The provider of kind `file`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Walk over the kept message once; its memory does not depend on the message's size."""
        return await asyncio.to_thread(self._read, _key(email))

    def _read(self, key: str) -> InboundMessage:
        source = self._store.open_local(key)
        if source is None:
            raise StorageFailure("the kept raw message is not in the file store; is its disk mounted?")
        with source:
            return read_message(source)

    async def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream a part out of the kept message, or the whole message as `original`."""
        key = _key(attachment.email)
        try:
            if attachment.attachment_id == ORIGINAL:
                async for chunk in self._store.read(key):
                    yield chunk
                return
            part = _Part(attachment.locator)
            async for chunk in self._store.read(key, part.start, part.end, part.decode):
                yield chunk
            if rest := part.finish():
                yield rest
        except FileNotFoundError as problem:
            raise StorageFailure("the kept raw message is not in the file store; is its disk mounted?") from problem


class _Part:
    """Decodes a part of a message, and knows when some of it is missing."""

    def __init__(self, locator: str) -> None:
        self.start, self.end = byte_range(locator)
        self._missing = self.end - self.start
        self._decoder = Decoder(locator)

    def decode(self, chunk: bytes) -> bytes:
        self._missing -= len(chunk)
        return self._decoder.feed(chunk)

    def finish(self) -> bytes:
        if self._missing:
            raise Corrupt("the kept raw message is shorter than it was")
        return self._decoder.finish()


def _key(email: EmailRef) -> str:
    if email.raw_sha256 is None:
        raise Gone("the raw message was not kept; send it again")
    return object_key(email.tenant, email.raw_sha256)
