"""Somebody whom pushes are posted to: verifies them as a careful one does, and answers as a test wants."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.servers.google import jwt


class TopicListener:
    """Keeps the pushes with their tokens. `statuses` come first."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_post("/push", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.statuses: list[int] = []

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/push"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def told(self) -> list[dict[str, Any]]:
        """Give what the pushes say."""
        return [json.loads(jwt.unbase64url(body["message"]["data"])) for body in self.bodies]

    def claims(self) -> dict[str, Any]:
        """Give what the last token claims, whoever signed it."""
        return jwt.read(self.tokens[-1])[1]

    async def _take(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        status = self.statuses.pop(0) if self.statuses else 204
        if status < 300:
            self.bodies.append(await request.json())
        return web.Response(status=status)
