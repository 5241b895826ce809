"""A process that uses the embedded database: tells on standard output how it went, and leaves when told to."""

import json
import resource
import sys
from pathlib import Path

from maildock.domain.errors import MaildockError
from maildock.embedded.database import EmbeddedDatabase


def main() -> None:
    told = json.loads(sys.stdin.readline())
    if told["largest_file"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (told["largest_file"],) * 2)
    database = EmbeddedDatabase(Path(told["data_dir"]), told["settings"])
    try:
        say(dsn=database.start(), location=str(database.location))
        sys.stdin.readline()
        database.stop()
    except MaildockError as problem:
        say(error=type(problem).__name__, message=str(problem))


def say(**answer: str) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
