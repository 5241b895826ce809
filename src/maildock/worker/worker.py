"""The worker: hints wake it, the sweep makes up for lost ones, and each mailbox is served under its lease."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import psycopg
import structlog

from maildock.domain.errors import LostClaim, OutageError, loggable
from maildock.flow.alone import Gate
from maildock.flow.catch_up import catch_up
from maildock.flow.context import Context
from maildock.flow.fetch import fetch_next
from maildock.flow.recover import due_work, is_due, open_claims, tidy
from maildock.queue import Hint, describe, hints, lease
from maildock.tasks import end
from maildock.worker.lane import Lane

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
LISTEN_SECONDS = 1.0
TIDY_SECONDS = 600.0
TURN_SECONDS = 30.0  # how long one mailbox may keep its place while others wait
STOP_SECONDS = 8.0  # what is in flight has this long to finish before it is handed back


@dataclass(slots=True)
class _Turn:
    """One mailbox being served; `again` when a hint came meanwhile."""

    task: asyncio.Task[None]
    nudged: asyncio.Event


@dataclass(slots=True)
class Worker:
    """Serves every mailbox of every tenant, for as long as it runs."""

    context: Context
    _gate: Gate = field(default_factory=Gate)
    _turns: dict[Hint, _Turn] = field(default_factory=dict)
    _waiting: dict[Hint, None] = field(default_factory=dict)
    _stopping: bool = False
    _turn_over: asyncio.Event = field(default_factory=asyncio.Event)
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.context.concurrency)

    def wake(self, on: Hint) -> None:
        """Serve this mailbox as soon as there is a place."""
        if on in self._turns:
            self._turns[on].nudged.set()
        elif not self._stopping:
            self._waiting[on] = None
            self._fill_places()

    @property
    def busy(self) -> bool:
        """Whether any mailbox is being served or waits to be."""
        return bool(self._turns or self._waiting)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish or hand back what is in flight, within ten seconds."""
        always: tuple[tuple[str, Callable[[], Awaitable[None]], float], ...] = (
            ("hints", self._listen, LISTEN_SECONDS),
            ("sweep", self._sweep, min(SWEEP_SECONDS, self.context.claim_seconds / 2)),
            ("tidying", partial(tidy, self.context), TIDY_SECONDS),
        )
        background = [asyncio.create_task(_forever(*one)) for one in always]
        try:
            await stop.wait()
        finally:
            await end(*background)
            await self.stop()

    async def drain(self, stop: asyncio.Event) -> None:
        """Work until nothing is due and no claim is open; tries that lie in the future are not waited for."""
        try:
            while not stop.is_set():
                due = await due_work(self.context)
                for on in due:
                    self.wake(on)
                while self.busy and not stop.is_set():
                    await self.next_end(1.0)
                if not due and not await open_claims(self.context):
                    return
                if not self.busy:
                    await asyncio.sleep(0.1)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Let what is in flight finish for a while, then hand it back."""
        self._stopping = True
        self._waiting.clear()
        tasks = [turn.task for turn in self._turns.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        await end(*late)

    async def next_end(self, seconds: float) -> bool:
        """Wait until a mailbox's turn ends, but not longer than `seconds`; says whether one did."""
        self._turn_over.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._turn_over.wait()
        return False

    def _fill_places(self) -> None:
        while self._waiting and len(self._turns) < self.context.concurrency:
            on = next(iter(self._waiting))
            del self._waiting[on]
            nudged = asyncio.Event()
            self._turns[on] = _Turn(asyncio.create_task(self._serve(on, nudged)), nudged)

    async def _serve(self, on: Hint, nudged: asyncio.Event) -> None:
        again = False
        try:
            again = await self._hold(on, nudged)
        except LostClaim:
            log.warning("lease lost", **describe(on))
        except OutageError as problem:
            # The rows say nothing of this: it is our own database. The sweep comes back to them.
            log.warning("work interrupted", **describe(on), error=str(problem))
        except Exception:  # the edge of the task; the sweep comes back to whatever is still due
            log.exception("work failed", **describe(on))
        finally:
            del self._turns[on]
            self._turn_over.set()
            if again or nudged.is_set():
                self.wake(on)
            self._fill_places()

    async def _hold(self, on: Hint, nudged: asyncio.Event) -> bool:
        """Serve one mailbox under its lease; `True` when it gave its place back with work left."""
        begun = time.monotonic()

        def may_go_on() -> bool:
            return not self._stopping and not (self._waiting and time.monotonic() - begun > TURN_SECONDS)

        async with lease(self.context.database, on, self.context.claim_seconds) as held:
            if held is None:
                return False
            if on.work == "mail":
                while may_go_on() and (
                    await catch_up(self.context, held) or await fetch_next(self.context, held, self._gate)
                ):
                    nudged.clear()
            else:
                await Lane(self.context, held, self._slots, self._gate, nudged).work(may_go_on)
        # Whoever was hinted while we held the lease has dropped the hint, trusting us to look again.
        return await is_due(self.context, on)

    async def _listen(self) -> None:
        async for on in hints(self.context.database.app_dsn):
            self.wake(on)

    async def _sweep(self) -> None:
        for on in await due_work(self.context):
            self.wake(on)


async def _forever(name: str, work: Callable[[], Awaitable[None]], pause: float) -> None:
    """Do `work` again and again, whatever goes wrong: nothing else would notice that it has ended."""
    while True:
        try:
            await work()
        except (OutageError, psycopg.OperationalError) as problem:
            log.warning("work interrupted", part=name, error=loggable(problem))
        except Exception:  # the edge of the task
            log.exception("work failed", part=name)
        await asyncio.sleep(pause)
