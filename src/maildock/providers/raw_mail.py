"""Raw mail of a vendor's, in the spool for as long as it is looked at."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from maildock.domain.errors import Corrupt, StorageFailure
from maildock.mime.content import Decoder, byte_range
from maildock.mime.window import BLOCK
from maildock.storage.spool import OverLimit, Spool


@asynccontextmanager
async def spooled(spool: Spool, chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[Path]:
    """Give a file with the mail in it; raises `Corrupt` where it is longer than `most` bytes."""
    try:
        file = await spool.spool(chunks, most)
    except OverLimit as problem:
        raise Corrupt(f"the raw mail is longer than {most} bytes") from problem
    try:
        yield file.path
    finally:
        await spool.discard(file)


async def decoded(path: Path, locator: str) -> AsyncGenerator[bytes]:
    """Stream the decoded bytes of a part."""
    decoder = Decoder(locator)
    for at, size in _steps(locator):
        yield await asyncio.to_thread(_step, path, at, size, decoder)
    yield decoder.finish()


def decoded_length(path: Path, locator: str) -> int:
    """Count the decoded bytes of a part; blocks."""
    decoder = Decoder(locator)
    return sum(len(_step(path, at, size, decoder)) for at, size in _steps(locator)) + len(decoder.finish())


def _steps(locator: str) -> Iterator[tuple[int, int]]:
    start, end = byte_range(locator)
    return ((at, min(BLOCK, end - at)) for at in range(start, end, BLOCK))


def _step(path: Path, start: int, size: int, decoder: Decoder) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(size)
    if len(data) != size:
        raise StorageFailure("a file in the spool was cut short")
    return decoder.feed(data)
