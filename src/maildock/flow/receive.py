"""Receive: write down what came in, then acknowledge. Nothing is acknowledged before it is durable."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from maildock.domain.errors import MessageTooLarge
from maildock.flow.context import Context
from maildock.mime.reader import read_message
from maildock.queue import hint
from maildock.storage.keys import object_key
from maildock.storage.spool import OverLimit, SpoolFile
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import email_processed_messages as messages
from maildock.tables import objects

# Enough of a message to see whether it has a header line.
HEAD = 16 * 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """The address of a received mail; `new` is false when the same bytes had come before, and were taken."""

    tenant: UUID
    provider_id: UUID
    email_id: str
    new: bool


async def receive_raw(context: Context, tenant: UUID, provider_id: UUID, stream: AsyncIterator[bytes]) -> Receipt:
    """Keep a raw message and write down that it came; after this returns it cannot be lost.

    Its `email_id` is its SHA-256, so the same bytes are the same mail. Raises `MessageTooLarge`, `NotAMessage`, or
    an `OutageError`; then nothing was kept.
    """
    try:
        spooled = await context.spool.spool(_only_mail(stream), context.max_message_bytes)
    except OverLimit as problem:
        raise MessageTooLarge from problem
    try:
        async with context.database.tenant(tenant) as session:
            await objects.reserve(session, [(spooled.sha256, spooled.size)])
        await context.store.put(object_key(tenant, spooled.sha256), spooled)
    finally:
        await context.spool.discard(spooled)
    return await _write_down(context, tenant, provider_id, spooled)


async def _write_down(context: Context, tenant: UUID, provider_id: UUID, spooled: SpoolFile) -> Receipt:
    email_id = spooled.sha256
    async with context.database.tenant(tenant) as session:
        await objects.confirm(session, [spooled.sha256])
        new = await messages.receive(session, provider_id, email_id, spooled.sha256, spooled.size)
        new = new or await messages.receive_again(session, provider_id, email_id, spooled.sha256)
        if new:
            await hint(session, provider_id, "mail")
        elif await attachments.give_again(session, provider_id, email_id):
            await messages.keep_again(session, provider_id, email_id, spooled.sha256)
            await hint(session, provider_id, "files")
    return Receipt(tenant, provider_id, email_id, new)


async def _only_mail(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass a mail on, and raise `NotAMessage` before the first byte of anything else."""
    head = b""
    judged = False
    async for chunk in stream:
        if not judged:
            head += chunk
            if len(head) < HEAD:
                continue
            judged = True
            read_message(io.BytesIO(head))
            chunk = head  # noqa: PLW2901 - the collected head goes on as one piece
        yield chunk
    if not judged:
        read_message(io.BytesIO(head))
        yield head
