"""One large attachment all the way from its mail to the committed document, against a pipe of plain tools."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.figure import ROUNDS, TIMES, Figure, Measurement, Pairs
from scripts.bench.ground import Apart, Ground, apart
from scripts.bench.mails import MIB, base64_lines, write_mail

SIZE = 100 * MIB
PIPE = "base64 -d {body} | tee {copy} | openssl sha256"

HOW = (
    "The mail of 137 MiB lies on the disk. Ours keeps the raw mail durably, files it, finds, decodes, hashes and stores"
    " the attachment durably, and commits; the second line begins at the kept mail, as a worker does. The floor is"
    f" `{PIPE.format(body='body', copy='file')}` plus `fsync`, on a body that has been cut out before: it neither"
    " keeps the mail nor looks for the part. Both write to the same disk and clear up after each round."
)


def _run(base: Ground) -> Iterator[Figure]:
    body = base.folder / "body"
    with body.open("wb") as file:
        file.writelines(base64_lines(SIZE))
    with apart(base) as worker:
        worker.take(write_mail(base.folder / "warm.eml", [4 * MIB]))
        rounds = [_round(base, worker, body, number) for number in range(ROUNDS + 1)][1:]
    body.unlink()
    kept, whole, pipe = zip(*rounds, strict=True)
    floor = "base64, tee, openssl, fsync"
    yield _figure("3. `.eml` with one part of 100 MiB: from the file to `stored`", Pairs(whole, pipe), floor)
    yield _figure("3. the same from the kept mail to `stored`", Pairs(kept, pipe), floor)


def _figure(name: str, pairs: Pairs, floor: str) -> Figure:
    return Figure(name, pairs.times, TIMES, 2, beside=pairs.beside(floor))


MEASUREMENT = Measurement(HOW, _run)


def _round(base: Ground, worker: Apart, body: Path, number: int) -> tuple[float, float, float]:
    mail = write_mail(base.folder / f"whole {number}.eml", [SIZE])
    os.sync()
    taken = worker.take(mail)
    mail.unlink()
    base.forget_files()
    os.sync()
    return taken.worked, taken.received + taken.worked, _pipe(body)


def _pipe(body: Path) -> float:
    copy = body.with_suffix(".copy")
    began = time.perf_counter()
    subprocess.run(("sh", "-c", PIPE.format(body=body, copy=copy)), check=True, stdout=subprocess.DEVNULL)
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    taken = time.perf_counter() - began
    if copy.stat().st_size != SIZE:
        raise ValueError("the pipe of plain tools has not decoded the body")
    copy.unlink()
    return taken
