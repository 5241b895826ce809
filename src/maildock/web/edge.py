"""What every request passes: a limit on bodies, safe headers, and a count. Plain ASGI, for it sees every byte."""

import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maildock import metrics
from maildock.web.problems import Problem, answer

LARGEST_BODY = 1 << 20
# These stream their bodies, and have limits of their own.
_STREAMED = ("/api/v1/messages", "/mail")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Edge:
    """Wraps an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; anything but HTTP passes as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()
        started: list[int] = []

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message["status"])
                _add_headers(message)
            await send(message)

        limited = _Limited(receive) if scope["path"] not in _STREAMED else None
        try:
            await self._app(scope, limited or receive, counted_send)
        except _BodyTooLarge:
            if started:
                raise
            await answer(Problem(413, f"The body is longer than {LARGEST_BODY} bytes."))(scope, receive, counted_send)
        finally:
            metrics.request_answered(scope["method"], started[0] if started else 500, time.monotonic() - begun)


def _add_headers(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(raw=message.setdefault("headers", []))
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)


class _BodyTooLarge(Exception):
    """The body is longer than anything that is not streamed may be."""


class _Limited:
    """Counts the bytes of a body."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > LARGEST_BODY:
            raise _BodyTooLarge
        return message
