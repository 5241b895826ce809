"""The keeper: a small process that holds the server, and stops it once nobody uses it any more.

Run by its path with nothing but the standard library, so it starts in some 20 ms, and detached, so it outlives the
maildock that started it. Its main thread lives as long as the server, since the parent-death signal fires when the
thread that forked ends (prctl(2)).
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Run the server that standard input describes as JSON, in a process of its own; gives an exit code."""
    told = json.load(sys.stdin)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal or an init system tells the users, and they tell us by leaving.
        signal.signal(number, signal.SIG_IGN)
    keeper = Path(told["keeper_lock"]).open("w")  # noqa: SIM115 - held until this process ends
    fcntl.flock(keeper, fcntl.LOCK_EX)
    if os.fork():
        # The lock is the child's now as well; whoever started us sees from it that the server is on its way.
        return 0
    os.setsid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    me = os.getpid()

    def die_with_keeper() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if libc is not None:
            # After the change of user, which clears it.
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != me:
            os._exit(1)

    server = subprocess.Popen(  # noqa: S603 - our own program
        told["command"],
        stdin=subprocess.DEVNULL,
        cwd=told["folder"],
        env=told["environment"],
        preexec_fn=die_with_keeper,  # noqa: PLW1509 - there is no other thread yet
        **told["account"],
    )
    threading.Thread(target=_stop_when_unused, args=(Path(told["users_lock"]), server), daemon=True).start()
    return server.wait()


def _stop_when_unused(users_lock: Path, server: "subprocess.Popen[bytes]") -> None:
    with users_lock.open("w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
        # The lock is kept until the process ends: whoever comes now waits for that, and starts a server anew.
        threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
