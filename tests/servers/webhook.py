"""A webhook at any path: shakes hands, and hands on what is posted before it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.servers.listener import Listener


class Webhook(Listener):
    """Where a vendor posts to. `shakes`: whether it wants that; `told` is awaited with each body before the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.shakes = True
        self.bodies: list[bytes] = []
        self.told: Callable[[bytes], Awaitable[None]] | None = None

    async def _take(self, request: web.Request) -> web.Response:
        token = request.query.get("validationToken")
        if token is not None:
            return web.Response(text=token if self.shakes else "no")
        body = await request.read()
        self.bodies.append(body)
        if self.told is not None:
            await self.told(body)
        return web.Response(status=202)
