"""What is measured on: a throw-away folder with an embedded database, and a worker in a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from maildock import wiring
from maildock.embedded.database import EmbeddedDatabase
from maildock.migrations.runner import migrate
from maildock.settings import Settings, load
from scripts.bench.taken import Taken

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the database is, and a folder for mails and the like."""

    settings: Settings
    where: wiring.Dsns
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a program of ours is started with to live here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILDOCK_")}
        return {**kept, "MAILDOCK_DATA_DIR": str(self.settings.data_dir)}

    def forget_files(self) -> int:
        """Empty the store, so that every round finds the disk as the one before did; gives how many bytes it had."""
        files = [stored for stored in (self.settings.data_dir / "files").rglob("*") if stored.is_file()]
        size = sum(stored.stat().st_size for stored in files)
        for stored in files:
            stored.unlink()
        return size


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Prepare a migrated database, and take everything away at the end."""
    with tempfile.TemporaryDirectory(prefix="maildock-bench-") as name:
        folder = Path(name) / "mails"
        folder.mkdir()
        settings = load({"MAILDOCK_DATA_DIR": f"{name}/data"}, folder / "none.env")
        embedded = EmbeddedDatabase(wiring.prepare_data_dir(settings))
        try:
            owner = embedded.start()
            migrate(owner)
            yield Ground(settings, wiring.dsns(settings, owner), folder)
        finally:
            embedded.destroy()


@dataclass(frozen=True, slots=True)
class Apart:
    """A worker in a process of its own, and its tenant."""

    tenant: str
    _orders: IO[str]
    _answers: IO[str]

    def take(self, *mails: Path, watch: bool = False) -> Taken:
        """Have mails received, filed and stored; `watch` also measures memory and the loop's lag."""
        print(json.dumps({"mails": [str(mail) for mail in mails], "watch": watch}), file=self._orders, flush=True)
        return Taken(**json.loads(self._answers.readline()))


@contextlib.contextmanager
def talking(base: Ground, *arguments: str, errors: IO[str] | None = None) -> Iterator[tuple[IO[str], IO[str]]]:
    """Start a module of ours apart; gives where it reads and what it prints. It ends with its input."""
    with subprocess.Popen(
        (sys.executable, "-m", *arguments),
        cwd=ROOT,
        env=base.environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101
        yield process.stdin, process.stdout
        process.stdin.close()


@contextlib.contextmanager
def apart(base: Ground) -> Iterator[Apart]:
    """Start a worker in a process of its own; its logs cost what they cost in service, and go nowhere."""
    with (
        (base.folder / "worker.log").open("w") as log,
        talking(base, "scripts.bench.taken", errors=log) as (orders, answers),
    ):
        yield Apart(answers.readline().strip(), orders, answers)
