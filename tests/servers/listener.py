"""Where a vendor posts to: an address on loopback that answers as a test wants."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from aiohttp import web


class OnLoopback:
    """Serves an application while it is entered; `url` is its origin."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        self.url = ""

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()


class Listener(OnLoopback, ABC):
    """Serves POSTs to any path."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        super().__init__(app)

    @abstractmethod
    async def _take(self, request: web.Request) -> web.Response:
        """Answer a POST."""
