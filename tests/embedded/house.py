"""A data dir, the processes that use its database, and everything that works for them."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from maildock.embedded import binaries

PROGRAM = Path(__file__).with_name("user_process.py")
NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
# A Python below root's home is out of nobody's reach; this much of root lets it read, and no more.
READING = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")


class User:
    """One process that uses the database."""

    def __init__(self, command: list[str], told: dict[str, Any]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        self._say(json.dumps(told))

    def answer(self) -> dict[str, str]:
        assert self.process.stdout
        return dict(json.loads(self.process.stdout.readline()))

    def dsn(self) -> str:
        return self.answer()["dsn"]

    def _say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def leave(self) -> None:
        self._say("leave")
        assert self.process.wait(30) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class House:
    """A data dir of root's or of a normal user's."""

    def __init__(self, data_dir: Path, switch: tuple[str, ...]) -> None:
        self.data_dir = data_dir
        self.switch = switch
        self._users: list[User] = []

    def enter(
        self, data_dir: Path | None = None, *, as_root: bool = False, largest_file: int = 0, **settings: str
    ) -> User:
        """Start a process that uses the database."""
        told = {"data_dir": str(data_dir or self.data_dir), "largest_file": largest_file, "settings": settings}
        user = User([*(() if as_root else self.switch), sys.executable, str(PROGRAM)], told)
        self._users.append(user)
        return user

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Use the database for some statements, and leave it."""
        user = self.enter()
        rows = query(user.dsn(), *statements)
        user.leave()
        return rows

    @property
    def location(self) -> Path:
        note = self.data_dir / "database.location"
        return Path(note.read_text().strip()) if note.exists() else self.data_dir / "database"

    def keeper(self) -> int:
        """Name the process that holds the server."""
        return next(pid for pid in at_work(self.location) if b"keeper.py" in Path(f"/proc/{pid}/cmdline").read_bytes())

    def postmaster(self) -> int:
        """Name the server's first process."""
        return int((self.location / "cluster" / "postmaster.pid").read_text().split()[0])

    def furnish(self, model: "House") -> None:
        """Take over a copy of the database of `model`, which is not in use; this is quicker than making one."""
        if model.location.is_relative_to(model.data_dir):
            copy(model.location, self.data_dir / "database")
            return
        home = model.location.with_name(secrets.token_hex(8))
        copy(model.location, home)
        (home / "data-dir").write_text(str(self.data_dir))
        (self.data_dir / "database.location").write_text(str(home))

    def kill_everything(self) -> None:
        for user in self._users:
            user.kill()
        while working := at_work(self.location):
            for pid in working:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def tear_down(self) -> None:
        self.kill_everything()
        for folder in (self.location, self.data_dir):
            shutil.rmtree(folder, ignore_errors=True)
        for user in self._users:
            user.process.communicate()


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


def at_work(location: Path) -> list[int]:
    """Name the processes that work in, or have open, anything below `location`."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _touches(entry, location)]


def _touches(process: Path, location: Path) -> bool:
    with contextlib.suppress(OSError):
        for link in (process / "cwd", *(process / "fd").iterdir()):
            with contextlib.suppress(OSError):
                if link.readlink().is_relative_to(location):
                    return True
    return False


def query(dsn: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements, each committed; gives the last one's rows."""
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def answers(dsn: str) -> bool:
    """Say whether the server answers."""
    try:
        return query(dsn, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def seconds_until(happened: Callable[[], bool], limit: float) -> float:
    """Wait until `happened`; gives the seconds it took, and fails beyond `limit`."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < limit
        time.sleep(0.05)
    return time.monotonic() - began


def switch_to_nobody(programs: Path) -> tuple[str, ...]:
    """Give the command that runs another one as a normal user, who has PostgreSQL below `programs` where necessary."""
    again = "import maildock, os, sys; sys.exit(not os.access(sys.executable, os.X_OK))"
    tried = subprocess.run([*NOBODY, sys.executable, "-c", again], check=False, cwd="/", stderr=subprocess.DEVNULL)
    if tried.returncode == 0:
        return NOBODY
    # PostgreSQL asks the kernel whether it may run its own programs, and is answered without that much of root.
    copy(binaries.installed().parent, programs)
    copy(binaries.installed().parent.with_suffix(".libs"), programs)
    return (*NOBODY, *READING, "env", f"PYTHONPATH={programs}")
