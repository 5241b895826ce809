"""A worker with a mailbox at a local vendor: `python -m scripts.bench.asked FACTS` works off what came at each line.

FACTS is the JSON that `tests.servers.graph` prints when it serves.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from uuid import uuid4

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.cli import logs
from maildock.flow.ask_now import ask_now
from maildock.flow.connect import NewMailbox, connect
from maildock.flow.context import Context
from maildock.providers.microsoft.settings import new_connection, new_secret
from maildock.settings import Settings, load
from maildock.worker.settle import settle_all
from scripts.bench.taken import Taken, Watch, working

ADDRESS = "desk@shop.example"


async def _work(context: Context, facts: dict[str, str]) -> None:
    tenant = (await add_tenant(context.database, f"Bench {uuid4()}")).tenant
    settings = new_connection(facts["directory_id"], facts["client_id"], "inbox", facts["url"], facts["url"])
    secret = new_secret(client_secret=facts["client_secret"])
    provider_id = await connect(context, tenant, NewMailbox("microsoft", ADDRESS, settings, secret, None))
    print(tenant, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        async with Watch() as watch:
            wall, cpu = time.perf_counter(), time.process_time()
            async with working(context) as worker:
                await ask_now(context, tenant, provider_id)
                await settle_all(context, worker, tenant, provider_id)
            taken = Taken(0, 0, time.perf_counter() - wall, time.process_time() - cpu)
        print(json.dumps({**asdict(taken), "grown": watch.grown, "lag": watch.lag}), flush=True)


async def _open(settings: Settings, where: wiring.Dsns, facts: dict[str, str]) -> None:
    async with wiring.open_context(settings, where) as context:
        await _work(context, facts)


def main() -> None:
    """Join the database that the environment names, connect the mailbox, and take orders."""
    logs.configure("json")
    settings = load()
    with wiring.database_server(settings) as owner:
        asyncio.run(_open(settings, wiring.dsns(settings, owner), json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
