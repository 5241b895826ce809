"""Somebody who subscribes: two webhooks on loopback that answer as a test wants."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

from aiohttp import web


class Subscriber:
    """Answers handshakes, and keeps what was posted. `statuses` come first; an answer takes `seconds`."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_post("/{name}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        self.url = ""
        self.batches: list[tuple[str, list[dict[str, Any]]]] = []
        self.shaken: list[str] = []
        self.statuses: list[int] = []
        self.seconds = 0.0
        self.echo = "{}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def items(self, name: str = "push") -> list[dict[str, Any]]:
        """Give all items that one of the webhooks was told."""
        return [item for told, batch in self.batches if told == name for item in batch]

    async def _take(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.seconds)
        token = request.query.get("validationToken")
        if token is not None:
            self.shaken.append(request.match_info["name"])
            return web.Response(text=self.echo.format(token))
        status = self.statuses.pop(0) if self.statuses else 202
        if status < 300:
            self.batches.append((request.match_info["name"], (await request.json())["value"]))
        return web.Response(status=status)
