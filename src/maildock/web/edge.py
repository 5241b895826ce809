"""What every request passes: a limit on bodies, safe headers, a count, and an answer to every error.

Plain ASGI, for it sees every byte.
"""

import asyncio
import contextlib
import inspect
import re
import time
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maildock import metrics
from maildock.web.problems import SAFE_HEADERS

LARGEST_BODY = 1 << 20
# These stream their bodies, and have limits of their own.
_STREAMED = ("/api/v1/messages", "/mail")
_API = "/api/v1/"
# These answer HEAD themselves, or not at all.
_FILES = re.compile(r".*/(content|documents\.zip|tickets/[^/]+/documents/[^/]+)", re.DOTALL)

# What a client still sends after it was refused is read this far, or else the closed connection would eat the answer.
_LINGER_BYTES, _LINGER_SECONDS = 64 << 20, 10


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
        body = _Body(scope, receive)
        answer = _Answer(body, send, heads=_answers_head(scope["path"]))
        try:
            await self._app(_as_get(scope), body.receive, answer.send)
        except Exception as error:
            if answer.status is not None:
                raise
            await self._apologise(scope, body, answer, error)
        finally:
            # A stream of events lasts as long as somebody looks; its time says nothing.
            if not answer.streams:
                metrics.request_answered(scope["method"], answer.status or 500, time.monotonic() - begun)

    async def _apologise(self, scope: Scope, body: "_Body", answer: "_Answer", error: Exception) -> None:
        response = scope["app"].exception_handlers[Exception](Request(scope), error)
        if inspect.isawaitable(response):
            response = await response
        await response(scope, body.receive, answer.send)


def _answers_head(path: str) -> bool:
    return path.startswith(_API) or not _FILES.fullmatch(path)


def _as_get(scope: Scope) -> Scope:
    """Have HEAD answered as GET is, for the server leaves the body out; but nobody reads files for that."""
    if scope["method"] != "HEAD" or _FILES.fullmatch(scope["path"]):
        return scope
    return {**scope, "method": "GET"}


class _Body:
    """Counts the bytes of a request's body, and limits them."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._headers = Headers(scope=scope)
        self._limit = None if scope["path"] in _STREAMED else LARGEST_BODY
        self._size = 0
        self._done = False

    async def receive(self) -> Message:
        message = await self._next()
        if self._limit is not None and self._size > self._limit:
            raise HTTPException(413, f"The body is longer than {self._limit} bytes.")
        return message

    async def _next(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._done = not message.get("more_body", False)
        return message

    async def linger(self) -> None:
        """Read what the client still sends, up to a point, unless it waits to be asked."""
        if "expect" in self._headers or not {"content-length", "transfer-encoding"} & {*self._headers}:
            return
        end = self._size + _LINGER_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while not self._done and self._size < end:
                    await self._next()


class _Answer:
    """Adds what every answer has; `status` is known once it has begun."""

    def __init__(self, body: _Body, send: Send, *, heads: bool) -> None:
        self._body = body
        self._send = send
        self._heads = heads
        self.status: int | None = None
        self.streams = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            _add_headers(message)
            if message["status"] == HTTPStatus.METHOD_NOT_ALLOWED and self._heads:
                _allow_head(message)
            self.streams = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
            if message["status"] >= HTTPStatus.BAD_REQUEST:
                await self._body.linger()
        await self._send(message)


def _add_headers(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(raw=message.setdefault("headers", []))
    for name, value in SAFE_HEADERS.items():
        headers.setdefault(name, value)


def _allow_head(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(raw=message["headers"])
    if headers.get("allow") in ("GET", "HEAD"):
        headers["allow"] = "GET, HEAD"
