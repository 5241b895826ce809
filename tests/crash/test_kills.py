"""`kill -9` at any moment, processes that sleep past their lease, and mails that kill whoever reads them."""

import os
import random
import shutil
import signal
from asyncio import Event, gather, sleep
from contextlib import suppress
from pathlib import Path

import pytest

from maildock.worker.worker import Worker
from tests.crash.points import DIED
from tests.crash.victims import Victims, assert_at_rest, assert_whole, house, order, survive, written
from tests.desk import COMMENTS, EMAILS, LEDGER, TICKETS
from tests.mail import mail

# A life of the victim takes about this long, in seconds.
LIFE = 0.4


async def _kill_at_random(environment: dict[str, str], victims: Victims, mails: list[Path], data_dir: Path) -> None:
    async with house(environment, data_dir, concurrency=8) as desk:
        await victims.start(order(environment, desk, mails))
        await sleep(random.uniform(0, LIFE))
        with suppress(ProcessLookupError):  # it had come to its end
            os.kill(victims.pid, signal.SIGKILL)
        assert (await victims.next_line())["ended"] in {0, -signal.SIGKILL}
        await survive(desk, mails)
        await assert_whole(desk, data_dir)
    shutil.rmtree(data_dir)


async def test_kills_at_random_moments_lose_and_double_nothing(
    environment: dict[str, str], victims: Victims, mails: list[Path], tmp_path: Path
) -> None:
    for number in range(5):
        await _kill_at_random(environment, victims, mails, tmp_path / str(number))


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_two_hundred_kills_lose_and_double_nothing(
    environment: dict[str, str], victims: Victims, mails: list[Path], tmp_path: Path
) -> None:
    for number in range(200):
        await _kill_at_random(environment, victims, mails, tmp_path / str(number))


@pytest.mark.parametrize(
    "place", ["answer: piece #1", "answer: mail #1", "rename: before #3", "commit: before #6", "commit: before #12"]
)
async def test_a_worker_that_sleeps_past_its_lease_writes_nothing_any_more(
    environment: dict[str, str], victims: Victims, mails: list[Path], tmp_path: Path, place: str
) -> None:
    data_dir = tmp_path / "slept"
    async with house(environment, data_dir, claim_seconds=2) as desk:
        await victims.start(order(environment, desk, mails), stop_at=place)
        assert await victims.next_line() == {"stopped": True}
        # Also the locks of a transaction that sleeps are let go within a lease.
        await survive(desk, mails)
        before = await desk.all(LEDGER)
        os.kill(victims.pid, signal.SIGCONT)
        assert (await victims.next_line())["ended"] == 0
        assert await desk.all(LEDGER) == before
        await assert_whole(desk, data_dir)


async def test_an_attachment_that_kills_its_workers_is_put_aside_and_its_siblings_are_stored(
    environment: dict[str, str], victims: Victims, tmp_path: Path
) -> None:
    poison = mail("Poison").attach("a.txt", b"a").attach("deadly.bin", b"d").attach("b.txt", b"b")
    async with house(environment, tmp_path / "poison", concurrency=8) as desk:
        told = order(environment, desk, written([poison], tmp_path))
        for _ in range(10):
            end = await victims.run(told, poison="3")
            await desk.let_claims_lapse()
            if end["ended"] == 0:
                break
            assert end["ended"] == DIED
        ledger = await desk.ledger()
        assert (ledger["deadly.bin"]["status"], ledger["deadly.bin"]["reason"]) == ("dead", "internal")
        assert "died" in ledger["deadly.bin"]["error_message"]
        assert await desk.documents() == {"a.txt": b"a", "b.txt": b"b"}


async def test_a_mail_that_kills_its_workers_is_put_aside_and_the_next_one_is_filed(
    environment: dict[str, str], victims: Victims, tmp_path: Path
) -> None:
    deadly, harmless = mail("Deadly"), mail("Harmless")
    async with house(environment, tmp_path / "poison") as desk:
        told = order(environment, desk, written([deadly, harmless], tmp_path))
        poison = (await desk.receive(deadly)).email_id
        for _ in range(10):
            end = await victims.run(told, poison=poison)
            await desk.let_claims_lapse()
            if end["ended"] == 0:
                break
        assert [email["status"] for email in await desk.all(EMAILS)] == ["dead", "filed"]
        assert [ticket["subject"] for ticket in await desk.all(TICKETS)] == ["Harmless"]


@pytest.mark.parametrize("processes", [1, 2])
async def test_twenty_ingests_of_one_mail_at_once_are_one_ticket_and_one_document_a_file(
    environment: dict[str, str], tmp_path: Path, processes: int
) -> None:
    data_dir = tmp_path / "many"
    paths = written([mail("Printer").attach("a.txt", b"hello").attach("b.bin", bytes(2_000_000))], tmp_path)
    async with house(environment, data_dir, concurrency=8) as desk:
        with Victims() as one, Victims() as two:
            told = order(environment, desk, paths)
            racing = [one, two][:processes]
            ends = await gather(*(victims.run(told, copies=20 // processes) for victims in racing))
        assert [end["ended"] for end in ends] == [0] * processes
        await Worker(desk.context).drain(Event())
        assert len(await desk.all(TICKETS)) == len(await desk.all(COMMENTS)) == 1
        assert await desk.documents() == {"a.txt": b"hello", "b.bin": bytes(2_000_000)}
        await assert_at_rest(desk, data_dir)
