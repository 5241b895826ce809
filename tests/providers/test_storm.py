"""A bad day: a tenth of all answers wrong in some way, and workers that are killed."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.desk import LEDGER, TICKETS
from tests.mail import mail
from tests.providers.vendors import MailboxDesk

ROOT = Path(__file__).parents[2]
MAILS, FILES, KILLS = 100, 3, 5
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


async def test_mails_come_through_faults_and_kills_exactly_once(environment: dict[str, str], box: MailboxDesk) -> None:
    await _come_through(environment, box, box.vendor.soon, PATIENCE)


@pytest.mark.soak
@pytest.mark.timeout(LONG_PATIENCE + 60)
async def test_a_hundred_mails_come_through_faults_and_kills_exactly_once(
    environment: dict[str, str], box: MailboxDesk
) -> None:
    await _come_through(environment, box, MAILS, LONG_PATIENCE)


async def _come_through(environment: dict[str, str], box: MailboxDesk, mails: int, patience: float) -> None:
    wanted = {
        f"{number}-{part}.bin": random.randbytes(random.randrange(1, 60_000))
        for number in range(mails)
        for part in range(FILES)
    }
    for number in range(mails):
        letter = mail(f"Mail {number}")
        for part in range(FILES):
            letter = letter.attach(f"{number}-{part}.bin", wanted[f"{number}-{part}.bin"])
        box.vendor.deliver(letter)
    box.vendor.storm(0.1)
    # What is refused is tried again as often as it takes, and soon.
    with workers({**environment, "MAILDOCK_MAX_ATTEMPTS": "50"}, 2) as running:
        end = time.monotonic() + patience
        kills = 0
        while len(await box.desk.all(LEDGER)) < len(wanted) or await box.waiting():
            assert time.monotonic() < end, await box.waiting()
            await asyncio.sleep(random.uniform(0.5, 1.5))
            if kills < KILLS:
                kills += 1
                running.kill_one()
    assert kills == KILLS
    assert len(await box.desk.all(TICKETS)) == mails
    assert await box.desk.documents() == wanted
    assert {row["status"] for row in await box.desk.all(LEDGER)} == {"stored"}
    assert box.vendor.peak() <= 4
    assert (await box.desk.fsck()).clean
