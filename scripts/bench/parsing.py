"""Parse a mail and stream its attachment, against the standard library: `python -m scripts.bench.parsing WHO MAIL`."""

import email
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from maildock.mime.content import byte_range, decode
from maildock.mime.reader import read_message
from scripts.bench.figure import TIMES, Figure, Measurement, interleaved
from scripts.bench.ground import ROOT, Ground
from scripts.bench.mails import MIB, write_mail

SIZE = 100 * MIB
PIECE = 256 * 1024

HOW = (
    "A mail of 137 MiB on the disk, in memory already, with one random attachment of 100 MiB in base64. Ours finds the"
    " parts and decodes the attachment piece by piece; the peer is `email.message_from_binary_file` and"
    " `get_payload(decode=True)`. Each in a fresh process that times itself without its start."
)


def _run(base: Ground) -> Iterator[Figure]:
    mail = write_mail(base.folder / "parse.eml", [SIZE])
    pairs = interleaved(lambda: _apart("ours", mail), lambda: _apart("theirs", mail))
    mail.unlink()
    yield Figure(
        "3. `.eml` with one part of 100 MiB: parse and stream, the standard library's time divided by ours",
        pairs.share,
        TIMES,
        4,
        at_least=True,
        beside=pairs.beside("`email`"),
    )


MEASUREMENT = Measurement(HOW, _run)


def _apart(who: str, mail: Path) -> float:
    command = (sys.executable, "-m", "scripts.bench.parsing", who, str(mail))
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def _ours(mail: Path) -> int:
    with mail.open("rb") as file:
        (part,) = read_message(file).parts
        start, end = byte_range(part.locator)
        file.seek(start)
        pieces = (file.read(min(PIECE, end - at)) for at in range(start, end, PIECE))
        return sum(len(piece) for piece in decode(part.locator, pieces))


def _theirs(mail: Path) -> int:
    with mail.open("rb") as file:
        *_, leaf = email.message_from_binary_file(file).walk()
    content = leaf.get_payload(decode=True)
    return len(content) if isinstance(content, bytes) else 0


def _main() -> None:
    began = time.perf_counter()
    read = {"ours": _ours, "theirs": _theirs}[sys.argv[1]](Path(sys.argv[2]))
    print(time.perf_counter() - began)
    if read != SIZE:
        raise ValueError(f"{read} bytes were read, not {SIZE}")


if __name__ == "__main__":
    _main()
