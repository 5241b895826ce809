"""How the worker's memory grows, and how long its event loop is held up, while large files stream."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.figure import Figure, Measurement
from scripts.bench.ground import Apart, Ground, apart
from scripts.bench.mails import KINDS, MIB, write_mail
from scripts.bench.taken import Taken

SIZES = (1 * MIB, 10 * MIB, 100 * MIB)
MOST = {1: 8.0, 4: 48.0, 8: 96.0}
ROUNDS = 3

HOW = (
    "A worker in a process of its own, warmed with eight mails at once, then idle; the kernel's peak (`VmHWM`) is reset"
    " and read again after the mails have been received, filed and stored. One stream: the largest growth over"
    f" {len(KINDS)} encodings ({', '.join(KINDS)}) and sizes of 1, 10 and 100 MiB. Four and eight: as many mails with"
    " 40 MiB each, received at once and read at once, the largest of three rounds. Meanwhile a task of the same loop"
    " sleeps 5 ms over and over; the lag is how much later it wakes, the median of each round, the largest of all."
)


def _run(base: Ground) -> Iterator[Figure]:
    with apart(base) as worker:
        _at_once(base, worker, 8)
        rounds = {
            1: [_one(base, worker, kind, size) for kind in KINDS for size in SIZES],
            4: [_at_once(base, worker, 4) for _ in range(ROUNDS)],
            8: [_at_once(base, worker, 8) for _ in range(ROUNDS)],
        }
    for count, taken in rounds.items():
        grown = [one.grown for one in taken]
        what = "one stream of any kind and size" if count == 1 else f"{count} streams at once"
        beside = f"median {statistics.median(grown):.1f} MB"
        yield Figure(f"5. memory, {what}: growth over warm idle", max(grown), "MB", MOST[count], beside=beside)
    lags = [one.lag for taken in rounds.values() for one in taken]
    yield Figure(
        "5. lag of the event loop meanwhile (p50)",
        max(lags),
        "ms",
        10,
        beside=f"median {statistics.median(lags):.2f} ms",
    )


MEASUREMENT = Measurement(HOW, _run)


def _one(base: Ground, worker: Apart, kind: str, size: int) -> Taken:
    return _take(base, worker, [write_mail(base.folder / f"{kind} {size}.eml", [size], kind)])


def _at_once(base: Ground, worker: Apart, count: int) -> Taken:
    return _take(base, worker, [write_mail(base.folder / f"{number}.eml", [40 * MIB]) for number in range(count)])


def _take(base: Ground, worker: Apart, mails: list[Path]) -> Taken:
    taken = worker.take(*mails, watch=True)
    for mail in mails:
        mail.unlink()
    base.forget_files()
    return taken
