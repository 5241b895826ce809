"""The web application on a real socket, and a client that speaks plain HTTP to it."""

import asyncio
import contextlib
import http.client
import json
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn

from maildock.flow.context import Context
from maildock.sign_on.single import SingleSignOn
from maildock.web.app import WebSettings, create_app
from maildock.web.server import Server

SETTINGS = WebSettings(("a key of the tests",), "http://127.0.0.1:8484", None)


@contextlib.asynccontextmanager
async def serving(
    context: Context, settings: WebSettings = SETTINGS, port: int = 0, sign_on: SingleSignOn | None = None
) -> AsyncIterator[str]:
    """Serve on a port of loopback, by default a free one; gives the origin."""
    listener = socket.create_server(("127.0.0.1", port))
    app = create_app(context, settings, sign_on)
    server = Server(app, uvicorn.Config(app, log_config=None, access_log=False))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """A client of one origin, with headers that it sends each time."""

    origin: str
    headers: Mapping[str, str]

    async def __call__(self, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Answer:
        """Ask; underscores in header names stand for hyphens."""
        return await asyncio.to_thread(self._ask, method, path, body, headers)

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.origin.removeprefix("http://"), timeout=20)
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        with contextlib.closing(connection):
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    async def get(self, path: str, **headers: str) -> Answer:
        """Ask with GET."""
        return await self("GET", path, None, **headers)

    async def post_json(self, path: str, value: object) -> Answer:
        """Send JSON."""
        return await self("POST", path, json.dumps(value).encode(), Content_Type="application/json")
