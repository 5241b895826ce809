"""The HTTP server: uvicorn, as this application needs it."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from maildock.web.sending import FileSending


class Server(uvicorn.Server):
    """Uvicorn without signal handlers: a worker beside it must hear of the signal too.

    Before it waits for open answers, it ends those that would go on for ever.
    """

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        config.http = FileSending
        super().__init__(config)
        self._app = app

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to who started this."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        self._app.state.watch.stop()
        await super().shutdown(sockets)
