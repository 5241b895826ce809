"""Let work pass side by side, but a suspect alone: what kills its worker must not take innocents with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Gate:
    """A shared passage that one can also have to oneself."""

    def __init__(self) -> None:
        self._inside = 0
        self._closed = False
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def passage(self, *, alone: bool) -> AsyncIterator[None]:
        """Pass together with others, or `alone`: once all others are out, and before anybody else comes in."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._closed)
            if alone:
                self._closed = True
                await self._wait_until_empty()
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                if alone:
                    self._closed = False
                self._changed.notify_all()

    async def _wait_until_empty(self) -> None:
        try:
            await self._changed.wait_for(lambda: self._inside == 0)
        except asyncio.CancelledError:
            self._closed = False
            self._changed.notify_all()
            raise
