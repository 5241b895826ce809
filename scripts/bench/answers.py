"""Decode an answer of Gmail's, against the standard library: `python -m scripts.bench.answers WHO ANSWER`."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from maildock.providers.json_bytes import FieldDecoder
from scripts.bench.figure import TIMES, Figure, Measurement, interleaved
from scripts.bench.ground import ROOT, Ground
from scripts.bench.mails import MIB
from scripts.bench.taken import peak

SIZE = 100 * MIB
PIECE = 256 * 1024

HOW = (
    "The JSON that `attachments.get` answers for a random file of 100 MiB, on the disk, in memory already. Ours decodes"
    " it piece by piece, as it would arrive; the peer reads it whole, then `json.loads` and `base64.urlsafe_b64decode`."
    " Each in a fresh process that times itself without its start, and says by how much its peak of memory has grown."
)


def _run(base: Ground) -> Iterator[Figure]:
    answer = base.folder / "answer.json"
    with answer.open("wb") as file:
        file.write(b'{\n  "size": %d,\n  "data": "' % SIZE)
        # Pieces of 3 bytes and their multiples join without padding.
        file.writelines(base64.urlsafe_b64encode(os.urandom(min(3 * MIB, SIZE - at))) for at in range(0, SIZE, 3 * MIB))
        file.write(b'"\n}\n')
    ours: list[float] = []
    theirs: list[float] = []
    pairs = interleaved(lambda: _apart("ours", answer, ours), lambda: _apart("theirs", answer, theirs))
    answer.unlink()
    yield Figure(
        "2. an answer of Gmail's with 100 MiB: decode, the standard library's time divided by ours",
        pairs.share,
        TIMES,
        4,
        at_least=True,
        beside=pairs.beside("`json.loads`, `urlsafe_b64decode`"),
    )
    yield Figure(
        "2. the same: growth of memory",
        max(ours),
        "MB",
        4,
        beside=f"{max(ours):.1f} MB; the same: {max(theirs):.0f} MB",
    )


MEASUREMENT = Measurement(HOW, _run)


def _apart(who: str, answer: Path, grown: list[float]) -> float:
    command = (sys.executable, "-m", "scripts.bench.answers", who, str(answer))
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    seconds, growth = map(float, printed.split())
    grown.append(growth)
    return seconds


def _ours(answer: Path) -> int:
    decoder = FieldDecoder()
    with answer.open("rb", buffering=0) as file:
        read = sum(len(decoder.feed(piece)) for piece in iter(lambda: file.read(PIECE), b""))
    return read + len(decoder.finish())


def _theirs(answer: Path) -> int:
    return len(base64.urlsafe_b64decode(json.loads(answer.read_bytes())["data"]))


def _main() -> None:
    # Writing 5 makes the kernel forget the peak so far, which is that of the imports.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, began = peak(), time.perf_counter()
    read = {"ours": _ours, "theirs": _theirs}[sys.argv[1]](Path(sys.argv[2]))
    print(time.perf_counter() - began, peak() - before)
    if read != SIZE:
        raise ValueError(f"{read} bytes were read, not {SIZE}")


if __name__ == "__main__":
    _main()
