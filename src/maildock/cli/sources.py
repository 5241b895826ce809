"""Where raw mail on this machine lies: files, folders, mbox files, standard input."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from maildock.domain.errors import UsageError

STDIN = "-"

_PIECE = 1 << 20
_LONGEST_SEPARATOR = 998
_DATED = re.compile(rb"From [^\r\n]{0,900}?\d\d:\d\d[^\r\n]{0,60}?\d{4}")
_BLANK = frozenset({b"\n", b"\r\n"})
# mboxrd: a quoted separator carries one more ">" than it had in the mail.
_QUOTED = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class Source:
    """A place that holds one mail, or an mbox of them."""

    path: str


def find(paths: list[str]) -> list[Source]:
    """List the sources under `paths`, folders by path; a missing one is a `UsageError` before anything is read."""
    found: list[Source] = []
    for path in paths:
        if not path:
            raise UsageError("a path is empty")
        if path != STDIN and _is_folder(path):
            found += _inside(path)
        else:
            found.append(Source(path))
    return found


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(Path(path).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise UsageError(f"there is no file or folder {path!r}") from problem
    except OSError:
        # It is reported when it cannot be opened, and the others are filed.
        return False


def _inside(folder: str) -> list[Source]:
    """List a folder's files, and the folders below it that cannot be read: opening those will say why."""
    closed: list[OSError] = []
    files = [Path(here, name) for here, _, names in os.walk(folder, onerror=closed.append) for name in names]
    found = [file for file in files if not file.name.startswith(".") and _may_be_read(file)]
    return [Source(str(file)) for file in sorted([*found, *(Path(problem.filename) for problem in closed)])]


def _may_be_read(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def is_mbox(head: bytes) -> bool:
    """Say whether a file that begins so is an mbox (RFC 4155, appendix A)."""
    return head.lstrip(b"\r\n").startswith(b"From ")


def messages(file: BinaryIO) -> Iterator[Iterator[bytes]]:
    """Give the mails of an mbox, each as a stream that must be used up before the next.

    A separator is a line `From …` at the start or after a blank line; where the first one names a date, as RFC 4155
    wants, the others must too, so that a sentence that starts with "From" does not cut a mail in two.
    """
    lines = _Lines(file)
    while not lines.at_end:
        yield lines.next_message()


class _Lines:
    """The lines of an mbox, long ones in pieces."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._line = file.readline(_PIECE)
        while self._line in _BLANK:
            self._line = file.readline(_PIECE)
        self._dated = bool(_DATED.match(self._line))

    @property
    def at_end(self) -> bool:
        return not self._line

    def next_message(self) -> Iterator[bytes]:
        self._line = self._rest_of_line()
        held = b""  # a blank line belongs to the separator when one follows
        new_line = True
        while self._line:
            if new_line and held and self._separates():
                return
            if new_line and self._line in _BLANK:
                yield held
                held = self._line
            else:
                unquoted = self._line[1:] if new_line and _QUOTED.match(self._line) else self._line
                yield held + unquoted
                held = b""
            new_line = self._line.endswith(b"\n")
            self._line = self._file.readline(_PIECE)
        # The blank line at the end is the mbox's, as between mails: a mail is the same when more have come after it.

    def _rest_of_line(self) -> bytes:
        while self._line and not self._line.endswith(b"\n"):
            self._line = self._file.readline(_PIECE)
        return self._file.readline(_PIECE)

    def _separates(self) -> bool:
        if not self._line.startswith(b"From "):
            return False
        return not self._dated or bool(_DATED.match(self._line[:_LONGEST_SEPARATOR]))
