"""What a killed server leaves: processes that are about to end, and a pid file that may name a stranger."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from maildock.domain.errors import Unavailable

_PROC = Path("/proc")


def clear(cluster: Path) -> None:
    """Wait until no process of an earlier server works in `cluster`, and remove its stale pid file.

    PostgreSQL takes a reused pid for a running server. The pid file also keeps a new server away from the processes
    of an old one, so it is removed only once it is certain that there are none.
    """
    if not _PROC.is_dir():
        return  # without /proc PostgreSQL's own judgement has to do
    for number, seconds in ((signal.SIGINT, 6.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
        if _gone(cluster, number, seconds):
            (cluster / "postmaster.pid").unlink(missing_ok=True)
            return
    raise Unavailable(f"processes of an earlier server still work in {cluster}; end them")


def _gone(cluster: Path, number: signal.Signals, seconds: float) -> bool:
    working = list(_processes(cluster))
    for pid in working:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while working and time.monotonic() < deadline:
        time.sleep(0.02)
        working = list(_processes(cluster))
    return not working


def _processes(cluster: Path) -> Iterator[int]:
    """Name the processes that work in the folder; every PostgreSQL process does in its cluster's."""
    place = os.path.realpath(cluster)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if str((entry / "cwd").readlink()) == place:
                    yield int(entry.name)
