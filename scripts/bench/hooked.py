"""Servers that are measured: `python -m scripts.bench.hooked` serves our webhooks, and a bare handler beside them.

Prints JSON: where each listens, and the client state that ours wants quoted.
"""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request, Response

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.cli import logs
from maildock.flow.connect import NewMailbox, connect
from maildock.flow.context import Context
from maildock.providers.microsoft.settings import new_connection, new_secret
from maildock.settings import Settings, load
from maildock.tables import email_providers, push_subscriptions
from maildock.web.app import WebSettings, create_app

STATE = "a state that is quoted"


class Server(uvicorn.Server):
    """Leaves signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch none."""
        yield


def _bare() -> FastAPI:
    app = FastAPI()

    @app.post("/")
    async def take(request: Request) -> Response:
        json.loads(await request.body())
        return Response(status_code=202)

    return app


@contextlib.asynccontextmanager
async def _mailbox(context: Context) -> AsyncIterator[str]:
    """Give the path of a mailbox's webhook; at the end the mailbox rests, or its mail would keep later workers busy."""
    tenant = (await add_tenant(context.database, f"Bench {uuid4()}")).tenant
    secret = new_secret(client_secret=STATE.replace(" ", "-"))
    new = NewMailbox("microsoft", "desk@shop.example", new_connection("d", "c"), secret, None)
    provider_id = await connect(context, tenant, new)
    async with context.database.tenant(tenant) as session:
        await push_subscriptions.begin(session, provider_id, STATE, "https://desk.example")
    yield f"/webhooks/microsoft/{tenant}/{provider_id}"
    async with context.database.tenant(tenant) as session:
        await email_providers.pause(session, provider_id, "measured", None, by_us=False)


async def _serve(settings: Settings, where: wiring.Dsns) -> None:
    async with wiring.open_context(settings, where) as context, _mailbox(context) as path:
        web = WebSettings(("a key",), settings.public_url, None)
        listeners = [socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(2)]
        apps: list[Any] = [create_app(context, web), _bare()]
        servers = [Server(uvicorn.Config(app, log_config=None, access_log=False)) for app in apps]
        tasks = [
            asyncio.create_task(server.serve(sockets=[listener]))
            for server, listener in zip(servers, listeners, strict=True)
        ]
        while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        ours, bare = (listener.getsockname()[1] for listener in listeners)
        print(json.dumps({"ours": f"http://127.0.0.1:{ours}{path}", "bare": f"http://127.0.0.1:{bare}/"}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


def main() -> None:
    """Join the database that the environment names, and serve until a line comes."""
    logs.configure("json")
    settings = load()
    with wiring.database_server(settings) as owner:
        asyncio.run(_serve(settings, wiring.dsns(settings, owner)))


if __name__ == "__main__":
    main()
