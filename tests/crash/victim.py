"""A process that does a desk's work and dies where it is told; forks each victim from one that has all imported.

Reads orders as JSON lines from standard input, and answers each with lines: the victim's pid, a line when it has
stopped itself, and how it ended with the places it passed. An order holds the settings, the tenant, the mails (paths)
and how to live:

- `mailbox`: the provider whose mailbox is to be asked what came, if any;
- `die_at`: the place to die at, or none;
- `stop_at`: the place to stop at until somebody continues it;
- `pause`: seconds to wait before each attachment;
- `poison`: the attachment or mail whose very reading kills;
- `copies`: how often to take in and settle each mail at once.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from maildock import wiring
from maildock.cli import logs
from maildock.flow.ask_now import ask_now
from maildock.settings import load
from maildock.tables.tenants import Tenant
from maildock.worker.worker import Worker
from tests.crash.points import Points, database_with, files_with, pointed
from tests.desk import Desk


async def live(order: dict[str, Any], points: Points) -> None:
    """Receive the mails in order, then work until nothing is due."""
    settings = load(order["environment"], Path("/nonexistent"))
    assert settings.database_url
    where = wiring.dsns(settings, settings.database_url)
    tenant = Tenant(UUID(order["tenant"]), "", UUID(order["system_user_id"]))
    async with wiring.open_context(
        settings, where, files=files_with(points), database_class=database_with(points)
    ) as context:
        desk = Desk(pointed(context, points, order.get("poison"), order.get("pause", 0)), tenant)
        mails = [Path(mail).read_bytes() for mail in order["mails"]]
        if order.get("copies"):
            await asyncio.gather(*(desk.ingest(mail) for mail in mails for _ in range(order["copies"])))
        for mail in mails:
            await desk.receive(mail)
        if order.get("mailbox"):
            await ask_now(desk.context, tenant.tenant, UUID(order["mailbox"]))
        await Worker(desk.context).drain(asyncio.Event())


def run(order: dict[str, Any], report: Path) -> None:
    """Be the victim; write the places passed to the report, at the end or before dying."""
    points = Points(order.get("die_at"), order.get("stop_at"))
    points.on_death = lambda: _write(report, points)
    asyncio.run(live(order, points))
    _write(report, points)


def _write(report: Path, points: Points) -> None:
    report.write_text(json.dumps(points.passed))


def say(**line: object) -> None:
    """Answer with a line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fork a victim for each order."""
    logs.configure("json")
    for line in sys.stdin:
        with tempfile.NamedTemporaryFile() as report:
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                run(json.loads(line), Path(report.name))
                os._exit(0)
            say(pid=pid)
            while True:
                _, status = os.waitpid(pid, os.WUNTRACED)
                if not os.WIFSTOPPED(status):
                    break
                say(stopped=True)
            say(ended=os.waitstatus_to_exitcode(status), passed=json.loads(report.read() or b"[]"))


if __name__ == "__main__":
    main()
