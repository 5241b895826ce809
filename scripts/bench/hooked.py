"""Servers that are measured: `python -m scripts.bench.hooked` serves our webhooks, and a bare handler beside them.

Prints JSON: where each listens, and the client state that ours wants quoted.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

from fastapi import FastAPI, Request, Response

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.cli import logs
from maildock.flow.connect import NewMailbox, connect
from maildock.flow.context import Context
from maildock.providers.microsoft.settings import new_connection, new_secret
from maildock.settings import Settings, load
from maildock.tables import email_providers, push_subscriptions
from scripts.bench import serving

STATE = "a state that is quoted"


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
    async with (
        wiring.open_context(settings, where) as context,
        _mailbox(context) as path,
        serving.ours(context, settings.public_url) as ours,
        serving.barely(_bare()) as bare,
    ):
        print(json.dumps({"ours": ours + path, "bare": f"{bare}/"}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)


def main() -> None:
    """Join the database that the environment names, and serve until a line comes."""
    logs.configure("json")
    settings = load()
    with wiring.database_server(settings) as owner:
        asyncio.run(_serve(settings, wiring.dsns(settings, owner)))


if __name__ == "__main__":
    main()
