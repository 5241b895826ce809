"""Disks that fail, lose power, or remember what they were asked to do."""

import errno
import os
from io import FileIO
from pathlib import Path
from typing import Any, Never

from maildock.storage.files import FileOps

STEPS = ("create", "open", "write", "fsync", "fsync_folder", "lock", "rename", "unlink", "make_folder")


class Failing(FileOps):
    """A disk on which one kind of step fails with an error number."""

    def __init__(self, step: str, code: int) -> None:
        self._code = code
        setattr(self, step, self._fail)

    def _fail(self, *_: Any) -> Never:
        raise OSError(self._code, os.strerror(self._code))


class FailsOnce(FileOps):
    """A disk that tells of a lost write once, as the system does, and then of nothing more."""

    def __init__(self) -> None:
        self._failed = False

    def fsync(self, file: FileIO) -> None:
        """Fail the first time only."""
        if not self._failed:
            self._failed = True
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().fsync(file)


class FillsUp(FileOps):
    """A disk with room for so many bytes, which writes what fits, as disks do."""

    def __init__(self, room: int) -> None:
        self._room = room

    def write(self, file: FileIO, data: bytes | bytearray) -> None:
        """Write as much as there is room for."""
        super().write(file, data[: self._room])
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Killed(BaseException):
    """The process is gone: nothing that it would still have done is done."""


class Mortal(FileOps):
    """The files of a process that is killed before its step number `last`, counted from 0."""

    def __init__(self, last: int) -> None:
        self._left = last
        self._open: list[FileIO] = []
        for step in STEPS:
            setattr(self, step, self._counted(step))

    @property
    def lives(self) -> bool:
        """Whether it came to its end by itself."""
        return self._left >= 0

    def bury(self) -> None:
        """Close what it had open, as the system does."""
        for file in self._open:
            file.close()

    def _counted(self, step: str) -> Any:
        proceed = getattr(super(), step)

        def counted(*args: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise Killed
            result = proceed(*args)
            if isinstance(result, FileIO):
                self._open.append(result)
            return result

        return counted


class Forgetful(FileOps):
    """A disk that, at a power cut, forgets every name and byte it was not told to keep."""

    def __init__(self) -> None:
        self.names: set[Path] = set()
        self.bytes: set[Path] = set()

    def create(self, path: Path) -> FileIO:
        """Make a file whose name and bytes a power cut takes."""
        self.names.add(path)
        self.bytes.add(path)
        return super().create(path)

    def fsync(self, file: FileIO) -> None:
        """Keep the bytes."""
        super().fsync(file)
        self.bytes.discard(Path(os.fsdecode(file.name)))

    def fsync_folder(self, folder: Path) -> None:
        """Keep the names in a folder."""
        super().fsync_folder(folder)
        self.names = {path for path in self.names if path.parent != folder}

    def make_folder(self, folder: Path) -> None:
        """Make a folder whose name a power cut takes."""
        super().make_folder(folder)
        self.names.add(folder)

    def rename(self, source: Path, target: Path) -> None:
        """Move a file; its bytes are kept or not as before."""
        super().rename(source, target)
        self.names.add(target)
        if source in self.bytes:
            self.bytes.add(target)

    def keeps(self, path: Path) -> bool:
        """Say whether a file survives a power cut now."""
        return path not in self.bytes and not self.names & {path, *path.parents}
