"""A webhook at any path: shakes hands, and hands on what is posted before it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web


class Webhook:
    """Where a vendor posts to. `shakes`: whether it wants that; `told` is awaited with each body before the answer."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self.url = ""
        self.shakes = True
        self.bodies: list[bytes] = []
        self.told: Callable[[bytes], Awaitable[None]] | None = None

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        token = request.query.get("validationToken")
        if token is not None:
            return web.Response(text=token if self.shakes else "no")
        body = await request.read()
        self.bodies.append(body)
        if self.told is not None:
            await self.told(body)
        return web.Response(status=202)
