"""Somebody who subscribes: two webhooks on loopback that answer as a test wants."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.servers.listener import Listener


class Subscriber(Listener):
    """Answers handshakes, and keeps what was posted. `statuses` come first; an answer takes `seconds`."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[str, list[dict[str, Any]]]] = []
        self.shaken: list[str] = []
        self.statuses: list[int] = []
        self.seconds = 0.0
        self.echo = "{}"

    def items(self, name: str = "push") -> list[dict[str, Any]]:
        """Give all items that one of the webhooks was told."""
        return [item for told, batch in self.batches if told == name for item in batch]

    async def _take(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.seconds)
        token = request.query.get("validationToken")
        if token is not None:
            self.shaken.append(request.match_info["path"])
            return web.Response(text=self.echo.format(token))
        status = self.statuses.pop(0) if self.statuses else 202
        if status < 300:
            self.batches.append((request.match_info["path"], (await request.json())["value"]))
        return web.Response(status=status)
