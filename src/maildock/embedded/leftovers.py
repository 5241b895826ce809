"""What a killed server leaves: processes that are about to end, and pid files that may name a stranger."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from maildock.domain.errors import Unavailable

_PROC = Path("/proc")
# In all less than the 10 s in which another user takes over.
_PRESSURE = ((signal.SIGINT, 4.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0))


def clear(cluster: Path, sockets: Path) -> None:
    """Wait until no process of an earlier server works in `cluster`, and remove its stale pid files.

    PostgreSQL takes a reused pid for a running server. Its pid file also keeps a new server away from the processes
    of an old one, so it is removed only once it is certain that there are none; `Unavailable` when some remain.
    """
    if not _PROC.is_dir():
        return  # without /proc PostgreSQL's own judgement has to do
    for number, seconds in _PRESSURE:
        if _gone(cluster, number, seconds):
            (cluster / "postmaster.pid").unlink(missing_ok=True)
            for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
                (sockets / name).unlink(missing_ok=True)
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
    """Name PostgreSQL's processes that work in the folder, as all of a server's do in its cluster."""
    place = os.path.realpath(cluster)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # An upgrade may have removed the program under a running server.
                program = str((entry / "exe").readlink()).removesuffix(" (deleted)")
                if program.endswith("/postgres") and str((entry / "cwd").readlink()) == place:
                    yield int(entry.name)
