import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from maildock.storage.spool import BATCH, OverLimit, Spool
from tests.storage.streams import Endless, files_in, repeat, stream


async def test_stream_becomes_a_file_of_known_size_and_hash(spool: Spool) -> None:
    spooled = await spool.spool(stream(b"one ", b"", b"two"), 100)
    assert (spooled.size, spooled.sha256) == (7, hashlib.sha256(b"one two").hexdigest())
    assert spooled.path.read_bytes() == b"one two"
    await spool.discard(spooled)


async def test_nothing_at_all_is_a_file_of_no_bytes(spool: Spool) -> None:
    spooled = await spool.spool(stream(), 0)
    assert (spooled.size, spooled.path.stat().st_size) == (0, 0)
    await spool.discard(spooled)


@pytest.mark.parametrize("size", [1, 999, 4096, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 7])
@pytest.mark.parametrize("chunk", [977, 65_536, BATCH, 5 * BATCH])
async def test_chunks_of_any_size_are_put_together_right(spool: Spool, size: int, chunk: int) -> None:
    data = os.urandom(size)
    spooled = await spool.spool(stream(*(data[at : at + chunk] for at in range(0, size, chunk))), size)
    assert (spooled.size, spooled.sha256) == (size, hashlib.sha256(data).hexdigest())
    assert spooled.path.read_bytes() == data
    await spool.discard(spooled)


@pytest.mark.parametrize("limit", [0, 10, BATCH, 2 * BATCH + 5])
async def test_one_byte_over_the_limit_leaves_nothing(spool: Spool, root: Path, limit: int) -> None:
    with pytest.raises(OverLimit):
        await spool.spool(stream(b"x" * limit, b"x"), limit)
    assert files_in(root) == []


@pytest.mark.parametrize("limit", [0, 10, BATCH, 2 * BATCH + 5])
async def test_exactly_the_limit_is_taken(spool: Spool, limit: int) -> None:
    spooled = await spool.spool(stream(b"x" * limit), limit)
    assert spooled.size == limit
    await spool.discard(spooled)


async def test_a_stream_over_its_limit_is_read_no_further_and_closed(spool: Spool) -> None:
    endless = Endless(b"x" * 1000)
    with pytest.raises(OverLimit):
        await spool.spool(endless.chunks(), 5 * BATCH)
    assert endless.closed


async def broken(chunk: bytes, times: int) -> AsyncGenerator[bytes]:
    async for one in repeat(chunk, times):
        yield one
    raise ConnectionResetError("by peer")


@pytest.mark.parametrize("times", [0, 1, 300])
async def test_a_stream_that_breaks_leaves_nothing_and_its_own_error(spool: Spool, root: Path, times: int) -> None:
    with pytest.raises(ConnectionResetError, match="by peer"):
        await spool.spool(broken(b"x" * 10_000, times), 10 * BATCH)
    assert files_in(root) == []


@pytest.mark.parametrize("times", [1, 300])
async def test_a_cancelled_stream_leaves_nothing_and_is_closed(spool: Spool, root: Path, times: int) -> None:
    endless = Endless(b"x" * 10_000, times)
    spooling = asyncio.create_task(spool.spool(endless.chunks(), 10 * BATCH))
    await endless.waiting.wait()
    spooling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spooling
    assert endless.closed
    assert files_in(root) == []


async def test_cancelling_at_any_moment_leaves_nothing(spool: Spool, root: Path) -> None:
    for step in range(40):
        spooling = asyncio.create_task(spool.spool(repeat(b"x" * BATCH, 8), 8 * BATCH))
        for _ in range(step):
            await asyncio.sleep(0.0002)
        if spooling.cancel():
            with pytest.raises(asyncio.CancelledError):
                await spooling
        else:
            await spool.discard(spooling.result())
        assert files_in(root) == []


async def test_a_second_cancel_does_not_hurry_the_thread_that_writes(spool: Spool, root: Path) -> None:
    spooling = asyncio.create_task(spool.spool(repeat(b"x" * 32 * BATCH, 8), 256 * BATCH))
    await asyncio.sleep(0.01)
    for _ in range(3):
        spooling.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await spooling
    assert files_in(root) == []


@pytest.mark.parametrize("size", [10, 3 * BATCH])
async def test_discard_removes_the_file_and_may_be_repeated(spool: Spool, root: Path, size: int) -> None:
    spooled = await spool.spool(stream(b"x" * size), size)
    await spool.discard(spooled)
    await spool.discard(spooled)
    assert spooled.taken
    assert files_in(root) == []


async def test_only_the_owner_may_look(spool: Spool, root: Path) -> None:
    spooled = await spool.spool(stream(b"secret"), 100)
    assert oct(spooled.path.stat().st_mode)[-4:] == "0600"
    for folder in (spooled.path.parent, root, root.parent):
        assert oct(folder.stat().st_mode)[-4:] == "0700"
    await spool.discard(spooled)
