"""`maildock`, and `python -m maildock`."""

import sys

import psycopg

from maildock.cli.app import app
from maildock.domain.errors import MaildockError, UsageError


def main() -> None:
    """Run the command line; what goes wrong on purpose is one line on standard error and an exit code."""
    try:
        app()
    except UsageError as problem:
        _say(str(problem))
        sys.exit(2)
    except MaildockError as problem:
        _say(str(problem))
        sys.exit(1)
    except psycopg.OperationalError as problem:
        _say(f"the database does not answer: {' '.join(str(problem).split())}")
        sys.exit(1)


def _say(message: str) -> None:
    sys.stderr.write(f"maildock: {message}\n")


if __name__ == "__main__":
    main()
