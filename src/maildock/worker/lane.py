"""The files of one mailbox: claim, read side by side, commit what is finished together.

Reading goes on while a group commits, so groups form by themselves: whatever finished in the meantime goes next.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from maildock import metrics
from maildock.domain.errors import LostClaim, MaildockError, Throttled, Unauthorized, loggable
from maildock.domain.failures import DEATHS_BEFORE_ALONE
from maildock.flow.alone import Gate
from maildock.flow.back_off import back_off
from maildock.flow.commit import commit
from maildock.flow.context import Context
from maildock.flow.store import Spooled, failed, read_attachment
from maildock.providers.base import Mailbox, RemoteProvider
from maildock.queue import Lease, describe
from maildock.tables import email_processed_attachments as attachments
from maildock.tables.email_processed_attachments import ClaimedAttachment, Settled
from maildock.tables.mailbox_leases import HeldMailbox
from maildock.tables.session import DatabaseAway
from maildock.tasks import end

log = structlog.get_logger(__name__)

MOST_TOGETHER = 64
CLAIM_PAUSE = 0.05
LOOK_AGAIN = 0.5  # with downloads under way, rows may have become due without a hint


class Lane:
    """The files of one mailbox, under one lease."""

    def __init__(
        self, context: Context, lease: Lease, slots: asyncio.Semaphore, gate: Gate, nudged: asyncio.Event
    ) -> None:
        self._context = context
        self._lease = lease
        self._slots = slots
        self._gate = gate
        self._nudged = nudged
        self._moved = asyncio.Event()
        self._watching: set[asyncio.Task[None]] = set()
        self._most = context.concurrency
        self._portion = context.concurrency
        self._exhausted = True
        self._claimed_at = 0.0
        self._kind = ""
        self._mailbox: Mailbox | None = None
        self._resting = False
        self._at_once = asyncio.Semaphore(context.concurrency)
        self._reading: dict[asyncio.Task[Spooled | Settled | None], ClaimedAttachment] = {}
        self._read: list[Spooled | Settled] = []
        self._suspect: ClaimedAttachment | None = None
        self._committing: asyncio.Task[None] | None = None

    async def work(self, may_go_on: Callable[[], bool]) -> None:
        """Store what is due until nothing is, or `may_go_on` says no; then finish what has begun."""
        self._watch(self._lease.lost)
        self._watch(self._nudged)
        try:
            look = True
            while True:
                if look and may_go_on():
                    look = await self._claim()
                if self._suspect and not self._under_way:
                    await self._try_alone(self._suspect)
                    look = True
                elif await self._advance():
                    # What was settled may have made more due (a container's files), and there is room again.
                    look = True
                elif not look or not may_go_on():
                    return
        finally:
            await self._abandon()

    async def _claim(self) -> bool:
        """Begin as many due attachments as there is room for; `False` when none is due."""
        if self._resting:
            return False
        room = self._room()
        if room <= 0 or self._suspect:
            return True
        if self._nudged.is_set():
            self._nudged.clear()
            self._watch(self._nudged)
        self._claimed_at = time.monotonic()
        self._lease.check()
        provider_id = self._lease.on.provider_id
        async with self._context.database.tenant(self._lease.on.tenant) as session:
            held = await self._lease.mailbox(session)
            if not held.working:
                return False
            self._know(held)
            rows = await attachments.claim(
                session, provider_id, self._lease.token, self._context.claim_seconds, room, DEATHS_BEFORE_ALONE
            )
        self._exhausted = len(rows) < room
        for row in rows:
            if row.claims > DEATHS_BEFORE_ALONE:
                self._suspect = row
            else:
                task = asyncio.create_task(self._begin(row))
                task.add_done_callback(self._wake)
                self._reading[task] = row
        return bool(rows)

    def _know(self, held: HeldMailbox) -> None:
        if self._mailbox is not None:
            return
        self._kind = held.kind
        self._mailbox = Mailbox(self._lease.on.tenant, self._lease.on.provider_id, held.mailbox, held.since)
        provider = self._context.providers[held.kind]
        if isinstance(provider, RemoteProvider):
            self._most = self._portion = min(provider.files_at_once, self._context.concurrency)
            self._at_once = asyncio.Semaphore(self._most)

    def _room(self) -> int:
        """Say how many rows to claim now: a claim costs the same for none, for one, and for sixty."""
        early = time.monotonic() - self._claimed_at < CLAIM_PAUSE
        crowded = len(self._reading) * 2 > self._portion
        if early and self._under_way and (crowded or (self._exhausted and not self._nudged.is_set())):
            return 0
        if not early:
            self._portion = self._most
        elif not self._exhausted:
            # These files are read faster than they are claimed. Of large ones no more are claimed than are read at
            # once: whoever dies has claimed them.
            self._portion = min(self._portion * 2, MOST_TOGETHER)
        return min(self._portion - len(self._reading), MOST_TOGETHER - len(self._read))

    @property
    def _under_way(self) -> bool:
        return bool(self._reading or self._read or self._committing)

    async def _try_alone(self, row: ClaimedAttachment) -> None:
        """Take a suspect all the way while nothing else is under way that its end could harm."""
        async with self._gate.passage(alone=True):
            outcome = await self._read_one(row)
            await self._commit([outcome])
        self._suspect = None

    async def _begin(self, row: ClaimedAttachment) -> Spooled | Settled | None:
        """Read a row; `None` when its mailbox wants to be left in peace: then it is handed back untouched."""
        async with self._gate.passage(alone=False), self._at_once, self._slots:
            return None if self._resting else await self._read_one(row)

    async def _read_one(self, row: ClaimedAttachment) -> Spooled | Settled:
        try:
            return await read_attachment(self._context, self._lease, self._kind, row)
        except (LostClaim, DatabaseAway):
            raise
        except Exception as problem:  # the edge of the task: the outcome is recorded on the row
            log.warning(
                "attachment not read",
                **describe(self._lease.on),
                email_id=row.email_id,
                attachment_id=row.attachment_id,
                error=loggable(problem),
                exc_info=not isinstance(problem, MaildockError),
            )
            return failed(self._context, row, await self._back_off(problem))

    async def _back_off(self, problem: Exception) -> Exception:
        provider = self._context.providers[self._kind]
        if self._mailbox is None or not isinstance(provider, RemoteProvider):
            return problem
        judged = await back_off(self._context, self._lease, provider, self._mailbox, problem)
        self._resting |= isinstance(judged, Throttled | Unauthorized)
        return judged

    async def _advance(self) -> bool:
        """Wait until something moves; `False` when nothing is under way."""
        if self._read and self._committing is None:
            group, self._read = self._read[:MOST_TOGETHER], self._read[MOST_TOGETHER:]
            self._committing = asyncio.create_task(self._commit_together(group))
            self._committing.add_done_callback(self._wake)
        if not self._reading and self._committing is None:
            return False
        alarm = asyncio.get_running_loop().call_later(LOOK_AGAIN, self._moved.set)
        try:
            await self._moved.wait()
        finally:
            alarm.cancel()
        self._moved.clear()
        self._lease.check()
        self._collect()
        return True

    def _watch(self, event: asyncio.Event) -> None:
        """Let the lane move when `event` is set."""
        task = asyncio.create_task(_set(event))
        task.add_done_callback(self._wake)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def _wake(self, _: object) -> None:
        self._moved.set()

    def _collect(self) -> None:
        for task in [task for task in self._reading if task.done()]:
            del self._reading[task]
            outcome = task.result()
            if outcome is not None:
                self._read.append(outcome)
        if self._committing and self._committing.done():
            finished, self._committing = self._committing, None
            finished.result()

    async def _commit_together(self, group: list[Spooled | Settled]) -> None:
        async with self._gate.passage(alone=False):
            await self._commit(group)

    async def _commit(self, group: list[Spooled | Settled]) -> None:
        for outcome in await commit(self._context, self._lease, group):
            metrics.attachment_settled(outcome.status, outcome.reason, outcome.size)
            log.info(
                "attachment settled",
                **describe(self._lease.on),
                email_id=outcome.email_id,
                attachment_id=outcome.attachment_id,
                status=outcome.status,
                reason=outcome.reason,
                size=outcome.size,
            )

    async def _abandon(self) -> None:
        """Stop what is still under way; nothing of it has been written, so the next holder begins it anew."""
        await end(*self._watching, *self._reading)
        left: list[Awaitable[object]] = [*self._reading]
        if self._committing:
            # Half a commit is none, but one that is on its way should arrive.
            left.append(self._committing)
        for result in await asyncio.gather(*left, return_exceptions=True):
            if isinstance(result, Spooled):
                self._read.append(result)
        for outcome in self._read:
            if isinstance(outcome, Spooled):
                await self._context.spool.discard(outcome.file)


async def _set(event: asyncio.Event) -> None:
    await event.wait()
