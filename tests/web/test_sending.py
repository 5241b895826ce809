"""A whole document on its way to clients that read as they please."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from maildock.web.sending import WINDOW
from tests.desk import DOCUMENTS, Desk
from tests.mail import mail
from tests.web.server import Client

DATA = os.urandom(2 * WINDOW + 12_345)
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def request_line(desk: Desk, api: Client) -> bytes:
    """A request for the document, over HTTP as it is written."""
    await desk.ingest(mail("Video").attach("a.bin", DATA))
    (row,) = await desk.all(DOCUMENTS)
    headers = "".join(f"{name}: {value}\r\n" for name, value in api.headers.items())
    return f"GET /api/v1/documents/{row['document_id']}/content HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode()


@asynccontextmanager
async def connected(api: Client) -> AsyncIterator[Stream]:
    """Connect to the server, with little room for what has not been read."""
    at = urlsplit(api.origin)
    reader, writer = await asyncio.open_connection(at.hostname, at.port, limit=1 << 16)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def answer(reader: asyncio.StreamReader, pause: float = 0) -> str:
    """Read an answer, now and then with a pause; gives the hash of its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"content-length: {len(DATA)}\r\n".encode() in head.lower()
    digest, left = hashlib.sha256(), len(DATA)
    while left:
        piece = await reader.read(min(left, 1 << 20))
        assert piece
        digest.update(piece)
        left -= len(piece)
        if pause:
            await asyncio.sleep(pause)
    return digest.hexdigest()


async def test_a_slow_client_gets_every_byte(api: Client, request_line: bytes) -> None:
    async with connected(api) as (reader, writer):
        writer.write(request_line)
        assert await answer(reader, 0.001) == hashlib.sha256(DATA).hexdigest()


async def test_requests_that_come_together_are_answered_one_after_the_other(api: Client, request_line: bytes) -> None:
    async with connected(api) as (reader, writer):
        writer.write(request_line * 3)
        hashes = [await answer(reader) for _ in range(3)]
    assert hashes == [hashlib.sha256(DATA).hexdigest()] * 3


async def test_who_stops_reading_holds_up_nobody(api: Client, request_line: bytes) -> None:
    async with connected(api) as (lazy, lazy_writer), connected(api) as (reader, writer):
        lazy_writer.write(request_line)
        await lazy.readuntil(b"\r\n\r\n")
        writer.write(request_line)
        assert await asyncio.wait_for(answer(reader), 10) == hashlib.sha256(DATA).hexdigest()


async def test_who_goes_away_leaves_no_error_behind(
    api: Client, request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        async with connected(api) as (reader, writer):
            writer.write(request_line)
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()
    async with connected(api) as (reader, writer):
        writer.write(request_line)
        assert await answer(reader) == hashlib.sha256(DATA).hexdigest()
    assert [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []


async def test_a_file_that_shrinks_meanwhile_is_not_passed_off_as_whole(
    desk: Desk, api: Client, request_line: bytes
) -> None:
    (row,) = await desk.all(DOCUMENTS)
    async with connected(api) as (reader, writer):
        writer.write(request_line)
        await reader.readuntil(b"\r\n\r\n")
        os.truncate(desk.context.store.local_path(row["storage_key"]), WINDOW)
        assert len(await asyncio.wait_for(reader.read(-1), 10)) < len(DATA)
