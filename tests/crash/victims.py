"""Victims from the test's side: what to tell them, and what is left to do once they are dead."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from asyncio import Event, to_thread
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.flow.recover import due_work, open_claims
from maildock.settings import load
from maildock.worker.worker import Worker
from tests.conftest import empty
from tests.desk import EMAILS, LEDGER, TICKETS, Desk
from tests.mail import Mail, mail
from tests.tnef import winmail

ROOT = Path(__file__).parents[2]

BIG = bytes(range(256)) * 5000  # more than one batch of the spool
WANTED = {"a.txt": b"hello", "big.bin": BIG, "same.txt": b"hello", "inside.txt": b"packed"}


def conversation() -> list[Mail]:
    """A ticket and a reply, with every kind of part that is stored in its own way."""
    first = mail("Printer", message_id="<first@crash.example>").attach("a.txt", b"hello").attach("big.bin", BIG)
    reply = mail(message_id="<reply@crash.example>").reply_to(first).html('<img src="cid:logo">')
    reply = reply.inline("logo.png", b"png", cid="logo").attach("same.txt", b"hello")
    return [first, reply.attach("winmail.dat", winmail({"inside.txt": b"packed"}), "application/ms-tnef")]


def written(mails: Sequence[Mail], folder: Path) -> list[Path]:
    """Write mails where victims find them."""
    paths = [folder / f"{number}.eml" for number, _ in enumerate(mails)]
    for path, one in zip(paths, mails, strict=True):
        path.write_bytes(one.raw())
    return paths


class Victims:
    """The process that forks victims, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.pid = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, frames: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        if kind is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    async def start(self, order: dict[str, Any], **more: object) -> None:
        """Let a victim live."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({**order, **more}) + "\n")
        self._process.stdin.flush()
        self.pid = (await self.next_line())["pid"]

    async def next_line(self) -> dict[str, Any]:
        """Wait for what becomes of it."""
        assert self._process.stdout
        line: dict[str, Any] = json.loads(await to_thread(self._process.stdout.readline))
        return line

    async def run(self, order: dict[str, Any], **more: object) -> dict[str, Any]:
        """Let a victim live to its end."""
        await self.start(order, **more)
        return await self.next_line()


def order(environment: dict[str, str], desk: Desk, mails: Sequence[Path]) -> dict[str, Any]:
    """Tell a victim whose work to do."""
    return {
        "environment": environment,
        "mails": [str(path) for path in mails],
        "tenant": str(desk.tenant.tenant),
        "system_user_id": str(desk.tenant.system_user_id),
    }


@contextlib.asynccontextmanager
async def house(
    environment: dict[str, str], data_dir: Path, concurrency: int = 1, claim_seconds: int = 60
) -> AsyncIterator[Desk]:
    """Give a new tenant's desk on an empty database, with files of its own."""
    environment["MAILDOCK_DATA_DIR"] = str(data_dir)
    environment["MAILDOCK_WORKER_CONCURRENCY"] = str(concurrency)
    environment["MAILDOCK_CLAIM_SECONDS"] = str(claim_seconds)
    empty(environment["MAILDOCK_DATABASE_URL"])
    settings = load(environment, data_dir / "no.env")
    async with wiring.open_context(settings, wiring.dsns(settings, environment["MAILDOCK_DATABASE_URL"])) as context:
        yield Desk(context, await add_tenant(context.database, data_dir.name))


async def survive(desk: Desk, mails: Sequence[Path]) -> None:
    """Let another worker come, and the sender repeat what was never acknowledged."""
    await desk.let_claims_lapse()
    await desk.context.spool.sweep()
    for path in mails:
        await desk.receive(path.read_bytes())
    await Worker(desk.context).drain(Event())


async def assert_whole(desk: Desk, data_dir: Path) -> None:
    """Check that the conversation is there once, whole, and that nothing else is."""
    assert [ticket["number"] for ticket in await desk.all(TICKETS)] == [1]
    assert await desk.documents() == WANTED
    assert [email["status"] for email in await desk.all(EMAILS)] == ["filed", "filed"]
    ledger = {row["file_name"]: (row["status"], row["reason"]) for row in await desk.all(LEDGER)}
    assert ledger == {
        **dict.fromkeys(WANTED, ("stored", None)),
        "logo.png": ("skipped", "inline"),
        "winmail.dat": ("skipped", "container"),
    }
    await assert_at_rest(desk, data_dir)


async def assert_at_rest(desk: Desk, data_dir: Path) -> None:
    """Check that no work is left, and that database and files agree."""
    assert not await due_work(desk.context)
    assert not await open_claims(desk.context)
    assert (await desk.fsck()).clean
    assert not list((data_dir / "files" / ".spool").iterdir()), "the spool is not empty"
