"""A bad day, all at once.

A tenth of all answers is wrong in some way, pushes are lost or come twice, the vendor forgets where we stood in the
mailbox, and workers are killed.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.desk import LEDGER, TICKETS
from tests.mail import mail
from tests.providers.hearing import Hearing, hearing
from tests.providers.vendors import MailboxDesk, Vendor, connected

ROOT = Path(__file__).parents[2]
MAILS, FILES, KILLS = 100, 3, 5
LOSES_PLACE = 2  # the wave before which the vendor forgets where we stood
POLL_SECONDS = 5
PATIENCE = 150.0
LONG_PATIENCE = 600.0  # Gmail's quota alone takes minutes for a hundred


class Workers:
    """Worker processes, of which any may be killed and replaced."""

    def __init__(self, environment: dict[str, str], count: int) -> None:
        self._environment = {**os.environ, **environment}
        self._running = [self._start() for _ in range(count)]

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "maildock", "worker"]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL)

    def kill_one(self) -> None:
        """Kill one as `kill -9` does, and start another."""
        number = random.randrange(len(self._running))
        self._running[number].kill()
        self._running[number].wait()
        self._running[number] = self._start()

    def stop(self) -> None:
        """Stop all."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(30)


@contextmanager
def workers(environment: dict[str, str], count: int) -> Iterator[Workers]:
    running = Workers(environment, count)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
async def heard(environment: dict[str, str], owner_dsn: str, tmp_path: Path) -> AsyncIterator[Hearing]:
    # What is refused is tried again as often as it takes, and soon.
    async with hearing({**environment, "MAILDOCK_MAX_ATTEMPTS": "50"}, owner_dsn, tmp_path, POLL_SECONDS) as heard:
        yield heard


@pytest.fixture
async def box(heard: Hearing, vendor: Vendor) -> MailboxDesk:
    """A mailbox that is connected, watched, and known to be empty, before it begins to storm."""
    vendor.origin = heard.web.origin
    box = await connected(heard.desk, vendor)
    await box.work()
    vendor.copies.turns = (1, 0, 2)
    vendor.storm(0.1)
    return box


async def test_mails_come_through_a_storm_exactly_once(heard: Hearing, box: MailboxDesk) -> None:
    await _come_through(heard, box, box.vendor.soon, PATIENCE)


@pytest.mark.soak
@pytest.mark.timeout(LONG_PATIENCE + 60)
async def test_a_hundred_mails_come_through_a_storm_exactly_once(heard: Hearing, box: MailboxDesk) -> None:
    await _come_through(heard, box, MAILS, LONG_PATIENCE)


async def _come_through(heard: Hearing, box: MailboxDesk, mails: int, patience: float) -> None:
    wanted: dict[str, bytes] = {}
    with workers(heard.environment, 2) as running:
        end = time.monotonic() + patience
        for wave in range(KILLS):
            if wave == LOSES_PLACE:
                box.vendor.lose_place()
            for number in range(wave, mails, KILLS):
                wanted |= _deliver(box, number)
            await asyncio.sleep(random.uniform(0.5, 1.5))
            running.kill_one()
        while len(await box.desk.all(LEDGER)) < len(wanted) or await box.waiting():
            assert time.monotonic() < end, await box.waiting()
            await asyncio.sleep(0.5)
    assert len(wanted) == mails * FILES
    assert len(await box.desk.all(TICKETS)) == mails
    assert await box.desk.documents() == wanted
    assert {row["status"] for row in await box.desk.all(LEDGER)} == {"stored"}
    await _assert_it_stormed(box)
    assert (await box.desk.fsck()).clean


async def _assert_it_stormed(box: MailboxDesk) -> None:
    assert box.vendor.stormed() > 0
    assert box.vendor.copies.came[0] > 0
    assert box.vendor.copies.came[2] > 0
    assert (await box.provider())["recovered_at"]
    assert (await box.provider())["last_push_at"]
    assert box.vendor.peak() <= 4


def _deliver(box: MailboxDesk, number: int) -> dict[str, bytes]:
    """Let a mail arrive; gives its files."""
    files = {f"{number}-{part}.bin": random.randbytes(random.randrange(1, 60_000)) for part in range(FILES)}
    letter = mail(f"Mail {number}")
    for name, data in files.items():
        letter = letter.attach(name, data)
    box.vendor.deliver(letter)
    return files
