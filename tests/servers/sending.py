"""Putting a reply on the wire, whole or as a fault wants it."""

import asyncio
from contextlib import suppress

from aiohttp import web

from tests.servers.faults import Fault
from tests.servers.replies import Reply

PIECE = 1 << 16
FOREVER = 3600.0


async def send(request: web.Request, reply: Reply, fault: Fault | None) -> web.StreamResponse:
    """Send a reply; a `cut`, `stall` or `reset` ends in a connection without the rest of the body."""
    if fault is not None and fault.kind == "reset":
        return _drop(request, web.StreamResponse())
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    # "Graph: Size. Content-Length is not guaranteed".
    if reply.streamed:
        response.enable_chunked_encoding()
    else:
        response.content_length = len(reply.body)
    response.content_type = reply.content_type.partition(";")[0].strip()
    with suppress(ConnectionError):
        await response.prepare(request)
        await _write(response, reply.body, fault)
        if fault is not None and fault.kind in {"cut", "stall"}:
            return _drop(request, response)
        await response.write_eof()
    return response


async def _write(response: web.StreamResponse, body: bytes, fault: Fault | None) -> None:
    short = fault is not None and fault.kind in {"cut", "stall"}
    shown = memoryview(body)[: fault.after] if fault is not None and short else memoryview(body)
    for at in range(0, len(shown), PIECE):
        await response.write(bytes(shown[at : at + PIECE]))
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
    if fault is not None and fault.kind == "stall":
        await asyncio.sleep(fault.seconds or FOREVER)


def _drop(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response
