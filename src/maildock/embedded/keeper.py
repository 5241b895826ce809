"""The keeper: a small process that holds the server, and stops it once nobody uses it any more.

Run by its path with nothing but the standard library, so it starts in some 20 ms, and detached, so it outlives the
maildock that started it. Its main thread lives as long as the server, since the parent-death signal fires when the
thread that forked ends (prctl(2)).
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_QUIET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# How the server is asked to stop, ever less politely, and how long each has to do.
_STOP = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 6.0), (signal.SIGKILL, 1.0))
_KEPT_LOGS = 10
_TRIM_SECONDS = 60


def main() -> int:
    """Run the server that standard input describes as JSON, in a process of its own; gives an exit code."""
    told = json.load(sys.stdin)
    for number in _QUIET:
        # A terminal or an init system tells the users, and they tell us by leaving.
        signal.signal(number, signal.SIG_IGN)
    keeper = Path(told["keeper_lock"]).open("w")  # noqa: SIM115 - held until this process ends
    fcntl.flock(keeper, fcntl.LOCK_EX)
    if os.fork():
        # The lock is the child's now as well; whoever started us sees from it that the server is on its way.
        return 0
    os.setsid()
    server = _start(told)
    for work in ((_stop_when_unused, Path(told["users_lock"]), server), (_trim_logs, Path(told["folder"]))):
        threading.Thread(target=work[0], args=work[1:], daemon=True).start()
    return server.wait()


def _start(told: dict[str, Any]) -> "subprocess.Popen[bytes]":
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    me = os.getpid()

    def die_with_keeper() -> None:
        for number in _QUIET:
            signal.signal(number, signal.SIG_DFL)
        if libc is not None:
            # After the change of user, which clears it.
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != me:
            os._exit(1)

    return subprocess.Popen(  # noqa: S603 - our own program
        told["command"],
        stdin=subprocess.DEVNULL,
        cwd=told["folder"],
        env=told["environment"],
        preexec_fn=die_with_keeper,  # noqa: PLW1509 - there is no other thread yet
        **told["account"],
    )


def _stop_when_unused(users_lock: Path, server: "subprocess.Popen[bytes]") -> None:
    with users_lock.open("w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        for number, seconds in _STOP:
            server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(seconds)
                break
        # The lock is kept until the process ends: whoever comes now waits for that, and starts a server anew.
        threading.Event().wait()


def _trim_logs(cluster: Path) -> None:
    """Keep the newest of the server's log files, each of which has a bound of its own."""
    while True:
        with contextlib.suppress(OSError):
            # The folder is the server account's; it must not lead root elsewhere.
            folder = os.open(cluster / "log", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                logs = sorted(name for name in os.listdir(folder) if name.startswith("postgresql-"))  # noqa: PTH208 - of a descriptor
                for name in logs[:-_KEPT_LOGS]:
                    os.unlink(name, dir_fd=folder)
            finally:
                os.close(folder)
        time.sleep(_TRIM_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
