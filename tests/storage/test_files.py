import os
from io import FileIO
from pathlib import Path
from typing import Any

from maildock.storage.files import FileOps


class Trickle(FileIO):
    """A file that reads and writes at most 1000 bytes a call, as the system is free to."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a little."""
        return super().read(min(size or 0, 1000))

    def write(self, data: Any, /) -> int:
        """Write a little."""
        return super().write(memoryview(data)[:1000])


def test_short_writes_and_reads_are_carried_on(tmp_path: Path) -> None:
    data = os.urandom(4321)
    with Trickle(tmp_path / "file", "w") as file:
        FileOps().write(file, data)
    with Trickle(tmp_path / "file") as file:
        assert FileOps().read(file, 4000) == data[:4000]
        assert FileOps().read(file, 4000) == data[4000:]


def test_what_is_in_memory_is_read_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    with FileOps().open(path) as file:
        # A file system that cannot tell gives nothing, and is read in a thread.
        assert FileOps().read_now(file, 10, 20) in (bytes(range(10, 30)), None)
        assert FileOps().read_now(file, 100, 20) is None
