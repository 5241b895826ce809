"""The database goes away under load, dies, or has no room left; work stops, says so, and goes on by itself."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import time
from asyncio import Event, create_task, sleep, to_thread
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import psycopg
import pytest

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.domain.errors import OutageError
from maildock.embedded.database import EmbeddedDatabase
from maildock.flow.context import Context
from maildock.migrations.runner import migrate
from maildock.settings import load
from maildock.tables.session import Database
from maildock.tables.tenants import Tenant
from maildock.worker.worker import Worker
from tests.desk import EMAILS, LEDGER, Desk
from tests.mail import Mail, mail

PATIENCE = 120.0
MAILS = [mail(f"Mail {number}").attach(f"{number}.bin", bytes([number]) * 200_000) for number in range(12)]


@contextlib.asynccontextmanager
async def house(owner: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Give a desk on a database of its own."""
    environment = {
        "MAILDOCK_DATA_DIR": str(tmp_path / "data"),
        "MAILDOCK_CLAIM_SECONDS": "2",
        "MAILDOCK_RETRY_SECONDS": "0.2",
    }
    settings = load(environment, tmp_path / "no.env")
    async with wiring.open_context(settings, wiring.dsns(settings, owner)) as context:
        yield Desk(context, await add_tenant(context.database, "Shop"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[EmbeddedDatabase]:
    """A database that this test may harm."""
    (tmp_path / "own").mkdir()
    own = EmbeddedDatabase(tmp_path / "own")
    try:
        yield own
    finally:
        own.destroy()


@pytest.fixture
async def desk(database: EmbeddedDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk on that database."""
    owner = await to_thread(database.start)
    await to_thread(migrate, owner)
    async with house(owner, tmp_path) as one:
        yield one


def kill_server(database: EmbeddedDatabase) -> bool:
    """End the server as a crash would; `False` while none is there."""
    try:
        (pid_file,) = database.location.rglob("postmaster.pid")
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    except (ValueError, IndexError, FileNotFoundError, ProcessLookupError):
        return False
    return True


async def until_all_stored(desk: Desk, mails: int) -> None:
    """Wait until every mail is filed and its attachment stored; what is not is said after a while."""
    end, rows = time.monotonic() + PATIENCE, []
    while time.monotonic() < end:
        with contextlib.suppress(OutageError):
            rows = [*await desk.all(EMAILS), *await desk.all(LEDGER)]
            if [row["status"] for row in rows] == ["filed"] * mails + ["stored"] * mails:
                return
        await sleep(0.1)
    raise AssertionError([row for row in rows if row["status"] not in {"filed", "stored"}] or f"{len(rows)} rows")


async def assert_nothing_was_lost(desk: Desk, mails: int) -> None:
    """Everything is there, and none of it was tried twice for what was no fault of its own."""
    assert len(await desk.documents()) == mails
    assert [row for row in await desk.all(LEDGER) if row["attempts"]] == []
    assert (await desk.fsck()).clean


async def test_a_server_that_dies_under_load_costs_nothing_but_time(desk: Desk, database: EmbeddedDatabase) -> None:
    for one in MAILS:
        await desk.receive(one)
    stop = Event()
    working = create_task(Worker(desk.context).run(stop))
    for _ in range(2):
        await sleep(0.15)
        assert kill_server(database)
        await sleep(4)
        # On a busy machine the server may still be recovering.
        await until_it_answers(desk)
    await until_all_stored(desk, len(MAILS))
    stop.set()
    await working
    await assert_nothing_was_lost(desk, len(MAILS))


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_a_server_that_dies_a_hundred_times_costs_nothing_but_time(
    desk: Desk, database: EmbeddedDatabase
) -> None:
    stop = Event()
    working = create_task(Worker(desk.context).run(stop))
    mails = deaths = 0
    while deaths < 100:
        for _ in range(4):
            mails += 1
            await until_received(desk, mail(f"Mail {mails}").attach(f"{mails}.bin", os.urandom(200_000)))
        for _ in range(2):
            await sleep(random.uniform(0, 1))
            deaths += kill_server(database)
            await until_it_answers(desk)
        await until_all_stored(desk, mails)
    stop.set()
    await working
    await assert_nothing_was_lost(desk, mails)


async def test_work_goes_on_soon_after_an_outage_however_long_it_was(desk: Desk, database: EmbeddedDatabase) -> None:
    await to_thread(database.stop)
    for _ in range(2):
        with pytest.raises(OutageError):
            await desk.context.database.ping()
    await to_thread(database.start)
    async with asyncio.timeout(3):
        await until_it_answers(desk)


if os.geteuid() == 0:  # nobody else may mount a disk so small

    async def test_a_database_without_room_refuses_mail_and_goes_on_once_there_is_some(
        tmp_path: Path,
    ) -> None:
        (tmp_path / "small").mkdir()
        with small_disk(EmbeddedDatabase(tmp_path / "small").location):
            small = EmbeddedDatabase(tmp_path / "small")
            try:
                await fill_and_free(small, tmp_path)
            finally:
                await to_thread(small.destroy)


async def fill_and_free(small: EmbeddedDatabase, tmp_path: Path) -> None:
    """Work until the database has no room, then give it some."""
    owner = await to_thread(small.start)
    await to_thread(migrate, owner)
    async with house(owner, tmp_path) as desk:
        await desk.ingest(MAILS[0])
        ballast = fill(small.location)
        with pytest.raises(OutageError):
            await use_up_room(desk)
        ballast.unlink()
        await until_it_answers(desk)
        await desk.ingest(MAILS[1])
        assert {"0.bin", "1.bin"} <= set(await desk.documents())
        assert (await desk.fsck()).clean


async def use_up_room(desk: Desk) -> None:
    """Write more than there is room for."""
    for number in range(100):
        await desk.receive(mail(f"No room {number}"))
        text = os.urandom(500_000).hex()
        await desk.all("UPDATE comments SET body_text = %(text)s WHERE tenant = %(tenant)s", text=text)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a small file system on a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=711", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave one megabyte."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - 1_000_000, 1))
    return ballast


async def until_received(desk: Desk, one: Mail) -> None:
    """Hand a mail in again until it is taken: the server dies at any time."""
    while True:
        with contextlib.suppress(OutageError):
            await desk.receive(one)
            return
        await sleep(0.2)


async def until_it_answers(desk: Desk) -> None:
    """Wait until the server has recovered, should something have ended it."""
    while True:
        with contextlib.suppress(OutageError):
            return await desk.context.database.ping()
        await sleep(0.2)


def test_a_machine_that_is_gone_is_noticed_unless_the_url_says_otherwise() -> None:
    url = "postgresql://ann@db.example/maildock"
    noticed = psycopg.conninfo.conninfo_to_dict(Database(url, url).app_dsn)
    assert (noticed["host"], noticed["keepalives_idle"], noticed["tcp_user_timeout"]) == ("db.example", "10", "25000")
    patient = psycopg.conninfo.conninfo_to_dict(Database(f"{url}?keepalives_idle=60", url).app_dsn)
    assert patient["keepalives_idle"] == "60"


async def sleep_inside(transaction: AbstractAsyncContextManager[object], seconds: float) -> None:
    """Begin a transaction, and stand still as a machine that is suspended does."""
    async with transaction:
        time.sleep(seconds)  # noqa: ASYNC251 - so the loop stands still as well


async def test_a_process_that_slept_inside_a_transaction_finds_the_database_away(
    context: Context, tenant: Tenant
) -> None:
    database, seconds = context.database, context.claim_seconds + 0.5
    for transaction in (database.tenant(tenant.tenant), database.sweep()):
        with pytest.raises(OutageError):
            await sleep_inside(transaction, seconds)
    await database.ping()


async def test_a_statement_that_finds_no_server_says_so(tmp_path: Path) -> None:
    settings = load({"MAILDOCK_DATA_DIR": str(tmp_path)}, tmp_path / "no.env")
    nowhere = psycopg.conninfo.make_conninfo(host=str(tmp_path), user="nobody", dbname="none")
    with pytest.raises(OutageError, match=r"does not answer|failed"):
        async with wiring.open_context(settings, wiring.dsns(settings, nowhere)) as context:
            await context.database.ping()
