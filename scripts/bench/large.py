"""One attachment of 100 MiB: reading it against the standard library, the whole way against a pipe of plain tools."""

import asyncio
import email
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from maildock.mime.content import byte_range, decode
from maildock.mime.reader import read_message
from scripts.bench.figure import Figure, interleaved
from scripts.bench.house import CHUNK, Ground, House, house
from scripts.bench.mails import MIB, write_mail

SIZE = 100 * MIB
PIPE = "sed '1,/filename=/d;/^--cut/d' {mail} | tr -d '\\r' | base64 -d | tee {copy} | openssl sha256"


def parsing(_: Ground) -> Iterator[Figure]:
    """Parse a mail and stream its attachment, ours against `email`."""
    with tempfile.TemporaryDirectory() as name:
        mail = write_mail(Path(name) / "parse.eml", [SIZE])
        ours, theirs = interleaved(lambda: _ours(mail), lambda: _theirs(mail), rounds=3)
    yield Figure("parse and stream 100 MiB, against the standard library", theirs / ours, 4, "times", at_least=True)


def _ours(mail: Path) -> int:
    with mail.open("rb") as file:
        (part,) = read_message(file).parts
        start, end = byte_range(part.locator)
        file.seek(start)
        pieces = (file.read(min(CHUNK, end - at)) for at in range(start, end, CHUNK))
        return sum(len(piece) for piece in decode(part.locator, pieces))


def _theirs(mail: Path) -> int:
    with mail.open("rb") as file:
        *_, leaf = email.message_from_binary_file(file).walk()
    return len(leaf.get_payload(decode=True) or b"")


def whole_way(base: Ground) -> Iterator[Figure]:
    """From the mail to the committed document, and how much memory that takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = asyncio.run(_rounds(base, folder))
    ours, pipe, grown = (sorted(column)[len(column) // 2] for column in zip(*times, strict=True))
    yield Figure("100 MiB from .eml to `stored`, against base64, tee, openssl and fsync", ours / pipe, 2, "times")
    yield Figure("memory that grows meanwhile", grown, 8, "MB")


async def _rounds(base: Ground, folder: Path) -> list[tuple[float, float, float]]:
    async with house(base) as opened:
        await _one(opened, write_mail(folder / "warm.eml", [4 * MIB]))
        return [await _round(opened, write_mail(folder / f"{number}.eml", [SIZE])) for number in range(3)]


async def _round(opened: House, mail: Path) -> tuple[float, float, float]:
    before = _resident()
    # Writing 5 makes the kernel forget the peak so far.
    Path("/proc/self/clear_refs").write_text("5")  # noqa: ASYNC240
    began = time.perf_counter()
    await _one(opened, mail)
    ours = time.perf_counter() - began
    grown = _peak() - before
    return ours, await asyncio.to_thread(_pipe, mail), grown


async def _one(opened: House, mail: Path) -> None:
    await opened.work(await opened.receive(mail))


def _pipe(mail: Path) -> float:
    copy = mail.with_suffix(".copy")
    began = time.perf_counter()
    subprocess.run(("sh", "-c", PIPE.format(mail=mail, copy=copy)), check=True, stdout=subprocess.DEVNULL)
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    taken = time.perf_counter() - began
    if copy.stat().st_size != SIZE:
        raise ValueError("the pipe of plain tools has not decoded the mail")
    return taken


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _resident() -> float:
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")
