"""Every operation on files that the spool and the local store make, in one place.

Both take an instance, so that a disk can be made to fail, or a process to die, between any two operations.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class FileOps:
    """The operating system's files, unbuffered; every method may raise `OSError`."""

    def create(self, path: Path) -> FileIO:
        """Make a new file (0600) for writing; `FileExistsError` when the name is taken."""
        return FileIO(path, "x+", opener=_private)

    def open(self, path: Path, mode: str = "r") -> FileIO:
        """Open a file for reading, or for writing too with `r+`."""
        return FileIO(path, mode)

    def write(self, file: FileIO, data: bytes | bytearray) -> None:
        """Write all of `data`, in as many calls as the disk wants."""
        written = file.write(data)
        if written != len(data):
            rest = memoryview(data)
            while rest := rest[written:]:
                written = file.write(rest)

    def read(self, file: FileIO, size: int) -> bytes:
        """Read `size` bytes, fewer only at the end of the file."""
        data = file.read(size)
        while 0 < len(data) < size:
            more = file.read(size - len(data))
            if not more:
                break
            data += more
        return data

    def read_now(self, file: FileIO, start: int, size: int) -> bytes | None:
        """Read up to `size` bytes from `start` on if they are in memory; `None` where the disk would be waited for."""
        data = bytearray(size)
        try:
            read = os.preadv(file.fileno(), [data], start, os.RWF_NOWAIT)
        except OSError:
            # Not in memory, or a file system that can't tell. A fault of the disk shows when it is waited for.
            return None
        return bytes(memoryview(data)[:read]) if read else None

    def fsync(self, file: FileIO) -> None:
        """Wait until the file's bytes and size are on the disk."""
        os.fdatasync(file.fileno())

    def fsync_folder(self, folder: Path) -> None:
        """Wait until the names in `folder` are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, file: FileIO) -> None:
        """Lock this opening of the file against every other, other threads' too; waits. Closing unlocks."""
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)

    def try_lock(self, file: FileIO) -> bool:
        """Lock the file without waiting; false when somebody else has it locked."""
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def has_name(self, file: FileIO) -> bool:
        """Say whether an open file still has a name in some folder."""
        return os.fstat(file.fileno()).st_nlink > 0

    def rename(self, source: Path, target: Path) -> None:
        """Move a file in one step, in place of what had the name."""
        source.rename(target)

    def unlink(self, path: Path) -> None:
        """Remove a file's name; a missing one is no error."""
        path.unlink(missing_ok=True)

    def make_folder(self, folder: Path) -> None:
        """Make one folder (0700)."""
        folder.mkdir(FOLDER_MODE)

    def stat(self, path: Path) -> os.stat_result | None:
        """Give what the system says of a file, `None` when it does not exist."""
        try:
            return path.stat()
        except FileNotFoundError:
            return None

    def size(self, path: Path) -> int | None:
        """Give a file's size in bytes, `None` when it does not exist."""
        found = self.stat(path)
        return None if found is None else found.st_size

    def scan(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        """List a folder, by name; one that does not exist is empty."""
        try:
            with os.scandir(folder) as entries:
                yield from sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            return


def make_folders(files: FileOps, folder: Path) -> None:
    """Make `folder` and what is missing above it, each name on the disk before this returns."""
    try:
        files.make_folder(folder)
    except FileExistsError:
        return
    except FileNotFoundError:
        if folder == folder.parent:
            raise
        make_folders(files, folder.parent)
        # Should its parent still not be there (a link to nowhere, as of a disk that is not mounted), this says so.
        with suppress(FileExistsError):
            files.make_folder(folder)
    files.fsync_folder(folder.parent)


def drop(files: FileOps, path: Path, file: FileIO) -> None:
    """Remove a file of the spool and unlock it; what can't be removed now is left to the sweep."""
    with file, suppress(OSError):
        files.unlink(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
