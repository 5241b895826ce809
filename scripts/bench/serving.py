"""Serve an application on a free port of loopback, as the product does or barely."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI

from maildock.flow.context import Context
from maildock.web.app import WebSettings, create_app
from maildock.web.server import Server


class Bare(uvicorn.Server):
    """Leaves signals to whoever started it, and nothing else."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch none."""
        yield


@contextlib.asynccontextmanager
async def ours(context: Context, public_url: str) -> AsyncIterator[str]:
    """Serve maildock; gives the origin."""
    app = create_app(context, WebSettings(("a key",), public_url, None))
    async with _serving(Server(app, _config(app))) as origin:
        yield origin


@contextlib.asynccontextmanager
async def barely(app: FastAPI) -> AsyncIterator[str]:
    """Serve a peer of ours; gives the origin."""
    async with _serving(Bare(_config(app))) as origin:
        yield origin


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(app, log_config=None, access_log=False)


@contextlib.asynccontextmanager
async def _serving(server: uvicorn.Server) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task
