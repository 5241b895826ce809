"""`maildock`, and `python -m maildock`."""

import signal
import sys
from types import FrameType

import psycopg

from maildock.cli import streams
from maildock.cli.app import app
from maildock.cli.output import say
from maildock.domain.errors import MaildockError, UsageError

_INTERRUPTED = 130  # what Typer makes of a KeyboardInterrupt


def main() -> None:
    """Run the command line; what goes wrong on purpose is one line on standard error and an exit code."""
    streams.prepare()
    # Whoever is told to end cleans up, just as after Ctrl-C.
    signal.signal(signal.SIGTERM, _as_after_ctrl_c)
    code = _run()
    wrong = streams.flush()
    sys.exit(code or (_failed(f"standard output: {wrong}") if wrong else 0))


def _as_after_ctrl_c(_number: int, frame: FrameType | None) -> None:
    # What a script starts in its background ignores Ctrl-C, but is told to end like everything else.
    interrupt = signal.getsignal(signal.SIGINT)
    (interrupt if callable(interrupt) else signal.default_int_handler)(signal.SIGINT, frame)


def _run() -> int:
    try:
        app()
    except SystemExit as end:
        return _failed("interrupted") if end.code == _INTERRUPTED else int(end.code or 0)
    except UsageError as problem:
        return _failed(str(problem), 2)
    except MaildockError as problem:
        return _failed(str(problem))
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege) as problem:
        return _failed(f"the database: {problem}")
    except OSError as problem:
        return _failed(": ".join(str(word) for word in (problem.filename, problem.strerror or problem) if word))
    return 0


def _failed(message: str, code: int = 1) -> int:
    say(f"maildock: {' '.join(message.split())}")
    return code


if __name__ == "__main__":
    main()
