"""Somebody whom pushes are posted to: verifies them as a careful one does, and answers as a test wants."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.servers.google import jwt
from tests.servers.listener import Listener


class TopicListener(Listener):
    """Keeps the pushes with their tokens. `statuses` come first."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.statuses: list[int] = []

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
