"""The three standard streams, which whoever starts us may have closed, or given an encoding that knows few letters."""

import io
import os
import sys

_LAST = 2


def prepare() -> None:
    """Have all three, and let them take whatever a file name or a mail holds, in any locale."""
    # A closed one would lend its number to the next file or socket, and output would then be written into that.
    while (number := os.open(os.devnull, os.O_RDWR)) <= _LAST:
        pass
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape" if stream is sys.stdin else "backslashreplace")


def flush() -> str | None:
    """Bring standard output to its end; gives what is wrong with it, if anything."""
    try:
        sys.stdout.flush()
    except OSError as problem:
        # Python tries again when it ends, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return problem.strerror or type(problem).__name__
    return None
