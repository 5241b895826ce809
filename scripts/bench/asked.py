"""A worker of a mailbox: `python -m scripts.bench.asked KIND FACTS` works off what came, at each line.

FACTS is the JSON that `tests.servers.graph` or `tests.servers.gmail` prints when it serves.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.cli import logs
from maildock.flow.ask_now import ask_now
from maildock.flow.connect import NewMailbox, connect
from maildock.flow.context import Context
from maildock.providers.gmail import settings as gmail
from maildock.providers.microsoft import settings as microsoft
from maildock.settings import Settings, load
from maildock.worker.settle import settle_all
from scripts.bench.taken import Taken, Watch, working

ADDRESS = "desk@shop.example"


def _of_microsoft(facts: dict[str, str]) -> NewMailbox:
    url = facts["url"]
    settings = microsoft.new_connection(facts["directory_id"], facts["client_id"], "inbox", url, url)
    secret = microsoft.new_secret(client_secret=facts["client_secret"])
    return NewMailbox("microsoft", ADDRESS, settings, secret, None)


def _of_gmail(facts: dict[str, str]) -> NewMailbox:
    settings = gmail.new_connection("", "", "", facts["url"], facts["token_url"], "", "")
    secret = gmail.service_account_secret(Path(facts["account_file"]).read_text(encoding="utf-8"))
    return NewMailbox("gmail", ADDRESS, settings, secret, None)


NEW = {"microsoft": _of_microsoft, "gmail": _of_gmail}


async def _work(context: Context, kind: str, facts: dict[str, str]) -> None:
    tenant = (await add_tenant(context.database, f"Bench {uuid4()}")).tenant
    provider_id = await connect(context, tenant, NEW[kind](facts))
    print(tenant, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        async with Watch() as watch:
            wall, cpu = time.perf_counter(), time.process_time()
            async with working(context) as worker:
                await ask_now(context, tenant, provider_id)
                await settle_all(context, worker, tenant, provider_id)
            taken = Taken(0, 0, time.perf_counter() - wall, time.process_time() - cpu)
        print(json.dumps({**asdict(taken), "grown": watch.grown, "lag": watch.lag}), flush=True)


async def _open(settings: Settings, where: wiring.Dsns, kind: str, facts: dict[str, str]) -> None:
    async with wiring.open_context(settings, where) as context:
        await _work(context, kind, facts)


def main() -> None:
    """Join the database that the environment names, connect the mailbox, and take orders."""
    logs.configure("json")
    settings = load()
    with wiring.database_server(settings) as owner:
        asyncio.run(_open(settings, wiring.dsns(settings, owner), sys.argv[1], json.loads(sys.argv[2])))


if __name__ == "__main__":
    main()
