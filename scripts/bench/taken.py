"""The worker that is measured: `python -m scripts.bench.taken` takes orders on standard input until that ends."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.cli import logs
from maildock.domain.ids import file_provider_id
from maildock.flow.context import Context
from maildock.flow.receive import receive_raw
from maildock.settings import Settings, load
from maildock.tables.tenants import Tenant
from maildock.worker.settle import settle
from maildock.worker.worker import Worker

PIECE = 256 * 1024
TICK = 0.005


@dataclass(frozen=True, slots=True)
class Taken:
    """What mails took: seconds by the clock and of the processor, MB of memory, milliseconds of lag (median)."""

    received: float
    received_cpu: float
    worked: float
    worked_cpu: float
    grown: float = 0
    lag: float = 0


class Watch:
    """Watches memory and the event loop's lag for as long as it is entered."""

    def __init__(self) -> None:
        self.grown = 0.0
        self.lag = 0.0
        self._lags: list[float] = []
        self._before = 0.0

    async def __aenter__(self) -> Self:
        await asyncio.sleep(0.2)
        # Writing 5 makes the kernel forget the peak so far.
        Path("/proc/self/clear_refs").write_text("5")  # noqa: ASYNC240 - not a real file
        self._before = peak()
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.grown = peak() - self._before
        self._ticking.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticking
        self.lag = statistics.median(self._lags or [0]) * 1000

    async def _tick(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK)
            self._lags.append(time.perf_counter() - began - TICK)


def peak() -> float:
    """Give the most memory that was resident, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


async def take(context: Context, tenant: Tenant, mails: list[Path]) -> Taken:
    """Receive mails and work them off."""
    provider_id = file_provider_id(tenant.tenant)
    wall, cpu = time.perf_counter(), time.process_time()
    receipts = await asyncio.gather(
        *(receive_raw(context, tenant.tenant, provider_id, _stream(mail)) for mail in mails)
    )
    received, received_cpu = time.perf_counter(), time.process_time()
    async with working(context) as worker:
        await settle(context, worker, tenant.tenant, provider_id, [receipt.email_id for receipt in receipts])
    worked, worked_cpu = time.perf_counter(), time.process_time()
    return Taken(received - wall, received_cpu - cpu, worked - received, worked_cpu - received_cpu)


@asynccontextmanager
async def working(context: Context) -> AsyncIterator[Worker]:
    """Run a worker as a service does: woken by its sweep and by hints."""
    worker, stop = Worker(context), asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    yield worker
    stop.set()
    await running


async def _stream(mail: Path) -> AsyncIterator[bytes]:
    with mail.open("rb", buffering=0) as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


async def _obey(context: Context, tenant: Tenant) -> None:
    print(tenant.tenant, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        mails = [Path(mail) for mail in order["mails"]]
        if order["watch"]:
            async with Watch() as watch:
                taken = await take(context, tenant, mails)
            taken = Taken(**{**asdict(taken), "grown": watch.grown, "lag": watch.lag})
        else:
            taken = await take(context, tenant, mails)
        print(json.dumps(asdict(taken)), flush=True)


async def _open(settings: Settings, where: wiring.Dsns) -> None:
    async with wiring.open_context(settings, where) as context:
        await _obey(context, await add_tenant(context.database, f"Bench {uuid4()}"))


def main() -> None:
    """Join the database that the environment names, and take orders: a line of JSON each."""
    logs.configure("json")
    settings = load()
    with wiring.database_server(settings) as owner:
        asyncio.run(_open(settings, wiring.dsns(settings, owner)))


if __name__ == "__main__":
    main()
