"""What every vendor's local server is: a socket, a clock that can be put forward, faults, and mail put there."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar
from urllib.parse import unquote

from aiohttp import web

from tests.servers.certificate import server_context
from tests.servers.faults import Fault, Faults, Refusals
from tests.servers.replies import as_json
from tests.servers.sending import send

MAX_BODY = 512 << 20

Kind = TypeVar("Kind", bound=str)


class LocalServer(ABC, Generic[Kind]):
    """A vendor on loopback, at one origin, `url`; over TLS its certificate is in the file `trusted`.

    `Kind` are the kinds of faults that it knows.
    """

    def __init__(self, port: int, refusals: Refusals, *, tls: bool) -> None:
        self._port = port
        self._tls = tls
        self._stack = ExitStack()
        self._folder = Path()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        self._offset = timedelta()
        self.url = ""
        self.trusted: Path | None = None
        self.faults = Faults(refusals)

    @abstractmethod
    def _routes(self) -> list[web.RouteDef]:
        """Give the vendor's own addresses."""

    @abstractmethod
    def _put(self, address: str, raw: bytes) -> str:
        """Deliver a raw mail; gives its id."""

    @abstractmethod
    async def _close(self) -> None:
        """Stop what runs beside the socket."""

    def now(self) -> datetime:
        """The server's time."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Let time pass at once: tokens and pushes grow old."""
        self._offset += by

    def fault(
        self,
        match: str,
        times: int = 1,
        kind: Kind | Literal["unavailable"] = "unavailable",
        *,
        retry_after: int | None = None,
        seconds: float = 0.0,
        after: int = 0,
    ) -> Fault:
        """Let the next `times` requests whose "METHOD /path?query" contains `match` go wrong."""
        return self.faults.add(match, times, kind, retry_after=retry_after, seconds=seconds, after=after)

    async def __aenter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        await self._runner.setup()
        context = None
        if self._tls:
            context, self.trusted = server_context(self._folder)
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=context).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()
        await self._runner.cleanup()
        self._stack.close()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes(
            [web.put("/-/deliver/{address}", self._deliver), web.post("/-/fault", self._add_fault), *self._routes()]
        )
        return app

    async def _deliver(self, request: web.Request) -> web.StreamResponse:
        message = self._put(request.match_info["address"], await request.read())
        return await send(request, as_json({"id": message}, 201), None)

    async def _add_fault(self, request: web.Request) -> web.StreamResponse:
        fault = self.fault(**await request.json())
        return await send(request, as_json({"match": fault.match, "kind": fault.kind}, 201), None)


def line(request: web.Request) -> str:
    """Write a request as faults are matched against it."""
    return f"{request.method} {unquote(request.path_qs)}"


def arguments(description: str) -> argparse.ArgumentParser:
    """Read the arguments that every server takes when it is started by hand."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", action="store_true")
    return parser


async def say_and_wait(facts: dict[str, Any]) -> None:
    """Say where the server is, and with what credentials, in one line of JSON; then serve until interrupted."""
    sys.stdout.write(json.dumps(facts, default=str) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def run(serving: Callable[[], Awaitable[None]]) -> None:
    """Serve until Ctrl-C."""

    async def served() -> None:
        await serving()

    with suppress(KeyboardInterrupt):
        asyncio.run(served())
