"""Read kept raw messages: their structure once, the bytes of a part whenever they are wanted."""

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO

from maildock.domain.errors import Corrupt, Gone, StorageFailure
from maildock.domain.ids import ORIGINAL
from maildock.domain.message import InboundMessage
from maildock.mime.content import Decoder, byte_range
from maildock.mime.reader import read_message
from maildock.providers.base import AttachmentRef, EmailRef
from maildock.storage.base import ObjectStore
from maildock.storage.keys import object_key

# Decoding less than this is quicker than a hop to a thread.
THREAD_FROM = 256 * 1024


class FileProvider:
    """The provider of kind `file`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Walk over the kept message once; its memory does not depend on the message's size."""
        source = await asyncio.to_thread(self._store.open_local, _key(email))
        if source is None:
            raise StorageFailure("the kept raw message is not in the file store; is its disk mounted?")
        return await asyncio.to_thread(_read, source)

    async def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream a part out of the kept message, or the whole message as `original`."""
        key = _key(attachment.email)
        try:
            if attachment.attachment_id == ORIGINAL:
                async for chunk in self._store.read(key):
                    yield chunk
                return
            start, end = byte_range(attachment.locator)
            decoder = Decoder(attachment.locator)
            missing = end - start
            async for chunk in self._store.read(key, start, end):
                missing -= len(chunk)
                if len(chunk) <= THREAD_FROM:
                    yield decoder.feed(chunk)
                else:
                    yield await asyncio.to_thread(decoder.feed, chunk)
            if missing:
                raise Corrupt("the kept raw message is shorter than it was")
            yield decoder.finish()
        except FileNotFoundError as problem:
            raise StorageFailure("the kept raw message is not in the file store; is its disk mounted?") from problem


def _read(source: BinaryIO) -> InboundMessage:
    with source:
        return read_message(source)


def _key(email: EmailRef) -> str:
    if email.raw_sha256 is None:
        raise Gone("the raw message was not kept; send it again")
    return object_key(email.tenant, email.raw_sha256)
