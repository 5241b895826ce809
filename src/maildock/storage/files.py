"""The file operations that spool and store are made of, in one place, so that a test can stand between any two."""

import fcntl
import os
from pathlib import Path
from typing import BinaryIO, cast


class FileOps:
    """Plain files; every method is one operation of the operating system, and raises its `OSError`."""

    def create(self, path: Path) -> BinaryIO:
        """Create a file that must not exist, for its owner only, locked for as long as it is open."""
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return cast("BinaryIO", os.fdopen(descriptor, "w+b", buffering=0))
            # A sweep came between the two and took the file for a leftover.
            os.close(descriptor)

    def write(self, file: BinaryIO, data: bytes) -> None:
        """Write all of `data`."""
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]

    def sync(self, file: BinaryIO) -> None:
        """Make the file's bytes survive a power cut."""
        os.fdatasync(file.fileno())

    def rename(self, path: Path, to: Path) -> None:
        """Move a file within one file system, replacing what is there."""
        path.rename(to)

    def unlink(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        """Make a folder for its owner only, unless it is there."""
        path.mkdir(mode=0o700, exist_ok=True)

    def sync_folder(self, path: Path) -> None:
        """Make the folder's entries survive a power cut."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
