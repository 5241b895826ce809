"""Locks between processes, on files; the system lets go of them when a process ends, however it ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from maildock.domain.errors import Unavailable


class FileLock:
    """One lock file, held shared or exclusively by this object."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self, *, shared: bool = False, seconds: float = 0) -> bool:
        """Take the lock, or change how it is held; `False` when others have it for longer than `seconds`."""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        wanted = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._descriptor, wanted)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.01)
            else:
                return True

    def release(self) -> None:
        """Let go; not having it is no error."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


@contextlib.contextmanager
def held(path: Path, seconds: float) -> Iterator[None]:
    """Hold an exclusive lock for a while; raises `Unavailable` when others have it for longer than `seconds`."""
    lock = FileLock(path)
    try:
        if not lock.take(seconds=seconds):
            raise Unavailable(f"another maildock has held {path} for {seconds:.0f} s; is it stuck?")
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Say whether anybody holds the lock exclusively."""
    lock = FileLock(path)
    try:
        return not lock.take(shared=True)
    finally:
        lock.release()
