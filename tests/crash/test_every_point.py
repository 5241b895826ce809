"""Dying at any place whatsoever loses nothing and doubles nothing."""

import contextlib
import json
import shutil
import subprocess
import sys
from asyncio import Event
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.flow.recover import due_work, open_claims
from maildock.settings import load
from maildock.worker.worker import Worker
from tests.conftest import empty
from tests.crash.points import DIED
from tests.desk import EMAILS, LEDGER, TICKETS, Desk
from tests.mail import Mail, mail
from tests.tnef import winmail

BIG = bytes(range(256)) * 5000  # more than one batch of the spool

# The tests can run side by side.
SHARES = 4
# How many results one commit takes together is a matter of time, so a late commit may not come in every life.
ATTEMPTS = 5

ROOT = Path(__file__).parents[2]


class Victims:
    """The process that forks victims."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> "Victims":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def run(self, **order: object) -> dict[str, Any]:
        """Let one victim live, and say how it ended."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture
def victims() -> Iterator[Victims]:
    with Victims() as running:
        yield running


def conversation() -> list[Mail]:
    """A ticket and a reply, with every kind of part that is stored in its own way."""
    first = mail("Printer", message_id="<first@crash.example>").attach("a.txt", b"hello").attach("big.bin", BIG)
    reply = mail(message_id="<reply@crash.example>").reply_to(first).html('<img src="cid:logo">')
    reply = reply.inline("logo.png", b"png", cid="logo").attach("same.txt", b"hello")
    return [first, reply.attach("winmail.dat", winmail({"inside.txt": b"packed"}), "application/ms-tnef")]


WANTED = {"a.txt": b"hello", "big.bin": BIG, "same.txt": b"hello", "inside.txt": b"packed"}


@pytest.fixture
def mails(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.eml" for number in (1, 2)]
    for path, one in zip(paths, conversation(), strict=True):
        path.write_bytes(one.raw())
    return paths


@contextlib.asynccontextmanager
async def house(environment: dict[str, str], data_dir: Path) -> AsyncIterator[Desk]:
    """Give a new tenant's desk on files of its own."""
    environment["MAILDOCK_DATA_DIR"] = str(data_dir)
    environment["MAILDOCK_WORKER_CONCURRENCY"] = "1"
    environment["MAILDOCK_CLAIM_SECONDS"] = "60"
    empty(environment["MAILDOCK_DATABASE_URL"])
    settings = load(environment, data_dir / "no.env")
    async with wiring.open_context(settings, wiring.dsns(settings, environment["MAILDOCK_DATABASE_URL"])) as context:
        yield Desk(context, await add_tenant(context.database, data_dir.name))


@pytest.mark.parametrize("share", range(SHARES))
async def test_dying_at_every_place_leaves_every_attachment_exactly_once(
    environment: dict[str, str], victims: Victims, mails: list[Path], tmp_path: Path, share: int
) -> None:
    async with house(environment, tmp_path / "whole") as desk:
        alive = victims.run(**_order(environment, desk, mails), die_at=None)
        await _assert_whole(desk, tmp_path / "whole")
    assert alive["ended"] == 0
    for place in alive["passed"][share::SHARES]:
        assert await _dies_and_recovers(environment, victims, mails, tmp_path, place), f"{place} was never reached"


async def _dies_and_recovers(
    environment: dict[str, str], victims: Victims, mails: list[Path], tmp_path: Path, place: str
) -> bool:
    """Let a victim die at a place; `False` when it came through alive each time, however often it tried."""
    for attempt in range(ATTEMPTS):
        data_dir = tmp_path / f"{place} {attempt}"
        async with house(environment, data_dir) as desk:
            end = victims.run(**_order(environment, desk, mails), die_at=place)["ended"]
            assert end in {0, DIED}
            await _survive(desk, mails)
            await _assert_whole(desk, data_dir)
        shutil.rmtree(data_dir)
        if end == DIED:
            return True
    return False


def _order(environment: dict[str, str], desk: Desk, mails: list[Path]) -> dict[str, Any]:
    return {
        "environment": environment,
        "mails": [str(path) for path in mails],
        "tenant": str(desk.tenant.tenant),
        "system_user_id": str(desk.tenant.system_user_id),
    }


async def _survive(desk: Desk, mails: list[Path]) -> None:
    """Let another worker come, and the sender repeat what was never acknowledged."""
    await desk.let_claims_lapse()
    await desk.context.spool.sweep()
    for path in mails:
        await desk.receive(path.read_bytes())
    await Worker(desk.context).drain(Event())


async def _assert_whole(desk: Desk, data_dir: Path) -> None:
    assert [ticket["number"] for ticket in await desk.all(TICKETS)] == [1]
    assert await desk.documents() == WANTED
    assert [email["status"] for email in await desk.all(EMAILS)] == ["filed", "filed"]
    ledger = {row["file_name"]: (row["status"], row["reason"]) for row in await desk.all(LEDGER)}
    assert ledger == {
        **dict.fromkeys(WANTED, ("stored", None)),
        "logo.png": ("skipped", "inline"),
        "winmail.dat": ("skipped", "container"),
    }
    assert not await due_work(desk.context)
    assert not await open_claims(desk.context)
    assert (await desk.fsck()).clean
    assert not list((data_dir / "files" / ".spool").iterdir()), "the spool is not empty"
