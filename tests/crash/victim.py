"""A process that does a desk's work and dies where it is told; forks each victim from one that has all imported.

Reads orders as JSON lines from standard input: settings, tenant, mails, and the place to die at (or none). Answers
each with a line: how the victim ended, and the places it passed.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from maildock import wiring
from maildock.cli import logs
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
        desk = Desk(pointed(context, points), tenant)
        for mail in order["mails"]:
            await desk.receive(Path(mail).read_bytes())
        await Worker(desk.context).drain(asyncio.Event())


def run(order: dict[str, Any]) -> None:
    """Be the victim; write the places passed to the report, at the end or before dying."""
    points = Points(order["die_at"])

    def report() -> None:
        Path(order["report"]).write_text(json.dumps(points.passed))

    points.on_death = report
    asyncio.run(live(order, points))
    report()


def main() -> None:
    """Fork a victim for each order."""
    logs.configure("json")
    for line in sys.stdin:
        with tempfile.NamedTemporaryFile() as report:
            pid = os.fork()
            if pid == 0:
                run({**json.loads(line), "report": report.name})
                os._exit(0)
            _, status = os.waitpid(pid, 0)
            ended = os.waitstatus_to_exitcode(status)
            sys.stdout.write(json.dumps({"ended": ended, "passed": json.loads(report.read() or b"[]")}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
