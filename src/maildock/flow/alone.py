"""Let work pass side by side, but a suspect alone: what kills its worker must not take innocents with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable


class Gate:
    """A shared passage that one can also have to oneself."""

    def __init__(self) -> None:
        self._inside = 0
        self._closed = False
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def passage(self, *, alone: bool) -> AsyncIterator[None]:
        """Pass together with others, or `alone`: once all others are out, and before anybody else comes in."""
        await self._until(lambda: not self._closed)
        if alone:
            self._closed = True
            try:
                await self._until(lambda: self._inside == 0)
            except asyncio.CancelledError:
                self._open()
                raise
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if alone:
                self._open()
            elif self._closed and not self._inside:
                self._changed.set()

    def _open(self) -> None:
        self._closed = False
        self._changed.set()

    async def _until(self, ready: Callable[[], bool]) -> None:
        # Nothing else runs between a look that says yes and what its caller does next.
        while not ready():
            self._changed.clear()
            await self._changed.wait()
