"""Whole files go from the disk's cache to the socket, without passing through this process.

Uvicorn leaves out ASGI's extension `http.response.pathsend` (https://asgi.readthedocs.io/en/latest/extensions.html);
what it speaks HTTP with foresees data that is sent by other means
(https://h11.readthedocs.io/en/latest/api.html#support-for-sendfile).
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, cast

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from maildock.storage.files import FileOps
from maildock.storage.threads import in_thread

WINDOW = 8 << 20  # bytes that are known to be in memory when they are sent: the loop never waits for the disk
PIECE = 1 << 20
FILES = FileOps()


class _Elsewhere:
    """Stands for bytes that are not here."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size


class FileSending(H11Protocol):
    """HTTP/1.1 with `http.response.pathsend`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._app = cast("ASGIApp", self.app)
        self.app = cast("Any", self._with_pathsend)

    async def _with_pathsend(self, scope: Scope, receive: Receive, send: Send) -> None:
        cycle = self.cycle

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.pathsend":
                await _send_file(cycle, Path(message["path"]))
            else:
                await send(message)

        if scope["type"] == "http":
            scope["extensions"] = {**(scope.get("extensions") or {}), "http.response.pathsend": {}}
        await self._app(scope, receive, sending)


async def _send_file(cycle: RequestResponseCycle, path: Path) -> None:
    file, size = await in_thread(_opened, path)
    with file:
        if size and not cycle.disconnected:
            cycle.conn.send_with_data_passthrough(h11.Data(data=cast("bytes", _Elsewhere(size))))
            try:
                with _full_packets(cycle.transport):
                    await _send_bytes(cycle.transport, file, size)
            except ConnectionError:
                cycle.transport.abort()
                cycle.disconnected = True
    await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})


def _opened(path: Path) -> tuple[FileIO, int]:
    file = FILES.open(path)
    return file, os.fstat(file.fileno()).st_size


@contextmanager
def _full_packets(transport: asyncio.Transport) -> Iterator[None]:
    """Send no packet before it is full (tcp(7), TCP_CORK): the receiver is woken less often, which costs most."""
    cork = getattr(socket, "TCP_CORK", None)
    if cork is None:
        yield
        return
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, cork, 1)
    try:
        yield
    finally:
        # A connection that has broken meanwhile has nothing left to send.
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, cork, 0)


async def _send_bytes(transport: asyncio.Transport, file: FileIO, size: int) -> None:
    loop = asyncio.get_running_loop()
    for start in range(0, size, WINDOW):
        count = min(WINDOW, size - start)
        if FILES.read_now(file, start + count - 1, 1) is None:
            await in_thread(_read, file, start, count)
        if transport.is_closing():
            raise ConnectionAbortedError
        if await loop.sendfile(transport, file, start, count) != count:
            raise EOFError("a file became shorter while it was sent")


def _read(file: FileIO, start: int, count: int) -> None:
    piece = bytearray(PIECE)
    for position in range(start, start + count, PIECE):
        os.preadv(file.fileno(), [piece], position)
