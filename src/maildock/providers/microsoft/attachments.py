"""The bytes of an attachment, in a stream: as they are, or out of JSON, or out of the raw mail."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from http import HTTPStatus

from maildock.domain.errors import AttachmentError, Corrupt, Gone, Unavailable
from maildock.providers import fields
from maildock.providers.base import AttachmentRef
from maildock.providers.http import Stream
from maildock.providers.json_bytes import FieldDecoder
from maildock.providers.microsoft import calls, described, texts
from maildock.providers.microsoft.calls import Call
from maildock.providers.microsoft.client import Client, Opened
from maildock.providers.microsoft.raw import IN_RAW, RawMails, fits
from maildock.providers.microsoft.refusals import GatewayTimeout

_TRIES = 2
_WEB_PAGE = "text/html"


class Attachments:
    """Opens attachments."""

    def __init__(self, client: Client, raw: RawMails) -> None:
        self._client = client
        self._raw = raw

    async def open(self, wanted: AttachmentRef) -> AsyncGenerator[bytes]:
        """Stream the bytes of a part; its connection is closed when nobody reads on."""
        opened = await self._client.opened(wanted.email)
        async with aclosing(self._source(opened, wanted)) as source:
            async for chunk in source:
                yield chunk

    def _source(self, opened: Opened, wanted: AttachmentRef) -> AsyncGenerator[bytes]:
        if wanted.locator.startswith(IN_RAW):
            return self._raw.part(opened, wanted.email.email_id, wanted.locator)
        return self._body(opened, wanted) if wanted.locator == texts.BODY else self._attachment(opened, wanted)

    async def _body(self, opened: Opened, wanted: AttachmentRef) -> AsyncGenerator[bytes]:
        content = await self._client.ask(opened, calls.body(opened.mailbox, wanted.email.email_id))
        body = fields.inside(content, "body")
        if not body:
            raise Unavailable("Graph's answer has no text in it")
        yield texts.body_bytes(fields.text(body, "content"))

    async def _attachment(self, opened: Opened, wanted: AttachmentRef) -> AsyncGenerator[bytes]:
        """Try the ways in turn; one that has given bytes is the last, for a second could give others."""
        async with AsyncExitStack() as stack:
            try:
                source: AsyncIterator[bytes] = (await self._value(stack, opened, wanted)).chunks()
            except GatewayTimeout as problem:
                source = await stack.enter_async_context(aclosing(self._otherwise(opened, wanted, problem)))
            length = 0
            async for chunk in source:
                length += len(chunk)
                yield chunk
        if wanted.locator == described.FILE and not fits(length, wanted):
            await self._confirm(opened, wanted, length)

    async def _confirm(self, opened: Opened, wanted: AttachmentRef, length: int) -> None:
        """Ask another way for a file that is far from its declared size; raises `Unavailable` where that gives another.

        Sizes lie, but so does an answer with an error in the place of the file.
        """
        otherwise = 0
        try:
            async with aclosing(self._in_json(opened, wanted)) as source:
                async for chunk in source:
                    otherwise += len(chunk)
        except (GatewayTimeout, AttachmentError):
            return
        if otherwise != length:
            raise Unavailable("Graph gives the attachment in different lengths")

    async def _value(self, stack: AsyncExitStack, opened: Opened, wanted: AttachmentRef) -> Stream:
        """Ask for the bytes as they are. Raises `GatewayTimeout` where Graph does not manage to give them."""
        call = calls.value(opened.mailbox, wanted.email.email_id, wanted.attachment_id)
        for _ in range(_TRIES - 1):
            try:
                return await self._begun(stack, opened, wanted, call)
            except GatewayTimeout:
                continue
        return await self._begun(stack, opened, wanted, call)

    async def _begun(self, stack: AsyncExitStack, opened: Opened, wanted: AttachmentRef, call: Call) -> Stream:
        async with AsyncExitStack() as trial:
            stream = await trial.enter_async_context(self._client.stream(opened, call))
            content_type = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type == _WEB_PAGE and wanted.content_type not in {_WEB_PAGE, ""}:
                raise GatewayTimeout("Graph answers with a web page instead of the attachment")
            if not stream.is_delimited:
                raise GatewayTimeout("Graph does not say where the attachment ends")
            if stream.status != HTTPStatus.OK:
                raise GatewayTimeout("Graph answers with something else than the attachment")
            stack.push_async_exit(trial.pop_all())
            return stream

    async def _otherwise(self, opened: Opened, wanted: AttachmentRef, late: GatewayTimeout) -> AsyncGenerator[bytes]:
        """Stream them out of JSON, or else out of the raw mail; raises `late` where neither has them."""
        if wanted.locator == described.FILE:
            async with AsyncExitStack() as stack:
                source = await stack.enter_async_context(aclosing(self._in_json(opened, wanted)))
                first = await _first(source)
                if first is not None:
                    yield first
                    async for chunk in source:
                        yield chunk
                    return
        async with aclosing(self._raw.like(opened, wanted)) as source:
            try:
                async for chunk in source:
                    yield chunk
            except Corrupt as problem:
                raise Unavailable(f"{late}; {problem}", late.retry_after) from problem

    async def _in_json(self, opened: Opened, wanted: AttachmentRef) -> AsyncGenerator[bytes]:
        decoder = FieldDecoder("contentBytes", url_safe=False)
        call = calls.content(opened.mailbox, wanted.email.email_id, wanted.attachment_id)
        async with self._client.stream(opened, call) as stream:
            async for chunk in stream.chunks():
                if data := decoder.feed(chunk):
                    yield data
        if data := decoder.finish():
            yield data


async def _first(source: AsyncGenerator[bytes]) -> bytes | None:
    """Give the first bytes, `None` where this way to them is closed."""
    try:
        return await anext(source, b"")
    except Gone:
        raise
    except (GatewayTimeout, AttachmentError):
        return None
