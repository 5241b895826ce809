"""Streams for tests, and what is left in a folder after them."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path


async def stream(*chunks: bytes) -> AsyncGenerator[bytes]:
    """Give these chunks."""
    for chunk in chunks:
        yield chunk


async def repeat(chunk: bytes, times: int) -> AsyncGenerator[bytes]:
    """Give one chunk many times."""
    for _ in range(times):
        yield chunk


class Endless:
    """A stream that gives `chunk` for ever, or waits for ever after the first `times`; it notes that it was closed."""

    def __init__(self, chunk: bytes, times: int | None = None) -> None:
        self.closed = False
        self.waiting = asyncio.Event()
        self._chunk = chunk
        self._left = times

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Start the stream."""
        try:
            while self._left != 0:
                self._left = None if self._left is None else self._left - 1
                yield self._chunk
            self.waiting.set()
            await asyncio.Event().wait()
        finally:
            self.closed = True


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
