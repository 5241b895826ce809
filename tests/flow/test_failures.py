"""What goes wrong with one attachment, or with the world, and what follows."""

import errno
import os
from asyncio import Event, create_task, sleep
from collections.abc import AsyncIterator
from dataclasses import replace
from io import FileIO
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.domain.errors import Corrupt, Refused, StorageFailure, Throttled, Unavailable
from maildock.domain.message import InboundMessage
from maildock.providers.base import AttachmentRef, EmailRef, Provider
from maildock.settings import Settings
from maildock.storage.files import FileOps
from maildock.worker.worker import Worker
from tests.desk import EMAILS, TICKETS, Desk
from tests.mail import mail

TWO = mail("Two").attach("bad.bin", b"bad").attach("good.txt", b"good")


class Failing:
    """The real provider, but reading attachment `2` goes wrong as long as there is an error for it."""

    def __init__(self, inner: Provider, error: Exception | None) -> None:
        self._inner = inner
        self.error = error

    async def fetch(self, email: EmailRef) -> InboundMessage:
        return await self._inner.fetch(email)

    async def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        if self.error and attachment.attachment_id == "2":
            yield b"half of "
            raise self.error
        async for chunk in self._inner.open(attachment):
            yield chunk


def failing(desk: Desk, error: Exception) -> tuple[Desk, Failing]:
    provider = Failing(desk.context.providers["file"], error)
    return Desk(replace(desk.context, providers={"file": provider}), desk.tenant), provider


async def make_due(desk: Desk) -> None:
    await desk.all("UPDATE email_processed_attachments SET next_attempt_at = NULL WHERE tenant = %(tenant)s")


async def work(desk: Desk) -> None:
    await Worker(desk.context).drain(Event())


async def test_a_failing_attachment_holds_up_neither_its_ticket_nor_its_siblings(desk: Desk) -> None:
    bad, _ = failing(desk, Corrupt("the checksum is wrong"))
    await bad.ingest(TWO)
    row = (await desk.ledger())["bad.bin"]
    assert (row["status"], row["reason"], row["error_message"]) == ("failed", "corrupt", "the checksum is wrong")
    assert row["attempts"] == 1
    assert row["next_attempt_at"] is not None
    assert len(await desk.all(TICKETS)) == 1
    assert await desk.documents() == {"good.txt": b"good"}
    assert (await desk.fsck()).clean


async def test_refusals_are_counted_until_the_attachment_is_dead(desk: Desk) -> None:
    bad, _ = failing(desk, Refused("not this one"))
    await bad.ingest(TWO)
    for _ in range(7):
        await make_due(desk)
        await work(bad)
    row = (await desk.ledger())["bad.bin"]
    assert (row["status"], row["reason"], row["attempts"]) == ("dead", "unauthorized", 8)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable("away"), "unavailable"),
        (Throttled("slow down", 3), "throttled"),
        (StorageFailure("full"), "storage"),
    ],
)
async def test_an_outage_does_not_count_and_ends_by_itself(desk: Desk, error: Exception, reason: str) -> None:
    bad, provider = failing(desk, error)
    await bad.ingest(TWO)
    for _ in range(10):
        await make_due(desk)
        await work(bad)
    row = (await desk.ledger())["bad.bin"]
    assert (row["status"], row["reason"], row["attempts"]) == ("failed", reason, 0)
    provider.error = None
    await make_due(desk)
    await work(bad)
    assert await desk.documents() == {"bad.bin": b"bad", "good.txt": b"good"}


async def test_an_outage_of_days_ends_dead(desk: Desk) -> None:
    bad, _ = failing(desk, Unavailable("away"))
    await bad.ingest(TWO)
    await desk.all(
        "UPDATE email_processed_attachments SET failing_since = now() - interval '73 hours', next_attempt_at = NULL"
        " WHERE tenant = %(tenant)s AND status = 'failed'"
    )
    await work(bad)
    assert (await desk.ledger())["bad.bin"]["status"] == "dead"


async def test_what_nobody_foresaw_is_recorded_without_what_the_mail_says(desk: Desk) -> None:
    bad, _ = failing(desk, RuntimeError("secret words of a mail"))
    await bad.ingest(TWO)
    row = (await desk.ledger())["bad.bin"]
    assert (row["reason"], row["error_message"]) == ("internal", "RuntimeError inside maildock")


async def test_a_throttled_attachment_waits_as_long_as_it_was_told(desk: Desk) -> None:
    bad, _ = failing(desk, Throttled("slow down", 600))
    await bad.ingest(TWO)
    (waits,) = await desk.all(
        "SELECT next_attempt_at > now() + interval '590 seconds' AS long FROM email_processed_attachments"
        " WHERE tenant = %(tenant)s AND status = 'failed'"
    )
    assert waits["long"]


class SickDisk(FileOps):
    """A disk that fails its writes while it is sick."""

    sickness: int | None = None

    def write(self, file: FileIO, data: bytes | bytearray) -> None:
        if self.sickness:
            super().write(file, data[: len(data) // 2])
            raise OSError(self.sickness, os.strerror(self.sickness))
        super().write(file, data)

    def rename(self, source: Path, target: Path) -> None:
        if self.sickness:
            raise OSError(self.sickness, os.strerror(self.sickness))
        super().rename(source, target)


@pytest.fixture
async def disk(settings: Settings, owner_dsn: str) -> AsyncIterator[tuple[Desk, SickDisk]]:
    files = SickDisk()
    soon = settings.model_copy(update={"retry_seconds": 1.0})
    async with wiring.open_context(soon, wiring.dsns(settings, owner_dsn), files=files) as context:
        yield Desk(context, await add_tenant(context.database, "Shop")), files


@pytest.mark.parametrize(
    ("sickness", "words"), [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EIO, "disk")]
)
async def test_a_sick_disk_fails_the_rows_and_work_resumes_by_itself(
    disk: tuple[Desk, SickDisk], sickness: int, words: str
) -> None:
    desk, files = disk
    await desk.receive(TWO)
    files.sickness = sickness
    await work(desk)
    ledger = await desk.ledger()
    assert {row["status"] for row in ledger.values()} == {"failed"}
    assert all(row["reason"] == "storage" and words in row["error_message"] for row in ledger.values())
    assert await desk.documents() == {}
    files.sickness = None
    await until_stored(desk)
    assert await desk.documents() == {"bad.bin": b"bad", "good.txt": b"good"}
    assert (await desk.fsck()).clean


async def until_stored(desk: Desk) -> None:
    """Let a worker run as in production, until everything is stored."""
    stop = Event()
    running = create_task(Worker(desk.context).run(stop))
    while {row["status"] for row in (await desk.ledger()).values()} != {"stored"}:
        await sleep(0.1)
    stop.set()
    await running


async def test_a_worker_that_cannot_look_for_work_says_so_and_looks_again(desk: Desk, owner_dsn: str) -> None:
    await desk.receive(TWO)
    stop = Event()
    with psycopg.connect(owner_dsn, autocommit=True) as owner, capture_logs() as logs:
        owner.execute("ALTER TABLE email_processed_messages RENAME TO elsewhere")
        try:
            running = create_task(Worker(desk.context).run(stop))
            while ("work failed", "sweep") not in [(log["event"], log.get("part")) for log in logs]:
                await sleep(0.1)
        finally:
            owner.execute("ALTER TABLE elsewhere RENAME TO email_processed_messages")
    while set(await desk.documents()) != {"bad.bin", "good.txt"}:
        await sleep(0.1)
    stop.set()
    await running


async def test_a_sick_disk_refuses_mail_instead_of_losing_it(disk: tuple[Desk, SickDisk]) -> None:
    desk, files = disk
    files.sickness = errno.ENOSPC
    with pytest.raises(StorageFailure, match="full"):
        await desk.receive(TWO)
    assert await desk.all(EMAILS) == []


async def test_a_paused_provider_rests_and_loses_nothing(desk: Desk) -> None:
    await desk.receive(TWO)
    await desk.all("UPDATE email_providers SET status = 'paused' WHERE tenant = %(tenant)s")
    await work(desk)
    assert [email["status"] for email in await desk.all(EMAILS)] == ["received"]
    await desk.all("UPDATE email_providers SET status = 'active' WHERE tenant = %(tenant)s")
    await work(desk)
    assert len(await desk.documents()) == 2
