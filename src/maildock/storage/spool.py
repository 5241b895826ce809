"""The spool: where a stream becomes a file of known size and hash before it goes into the store.

Each byte is counted, hashed and written once, in a thread. A spool file is locked by its writer for as long as that
lives, so the sweep can tell leftovers from work.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from maildock.domain.errors import MaildockError
from maildock.storage.failures import translated
from maildock.storage.files import FileOps

# Enough to make a hop to a thread worth it, little enough for many streams at once.
BATCH = 1 << 20


class OverLimit(MaildockError):
    """The stream is longer than its limit."""


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """A whole stream in a file: `size` in bytes, `sha256` in hex. `file` holds the lock."""

    sha256: str
    size: int
    path: Path
    file: BinaryIO = field(repr=False, compare=False)


class Spool:
    """The folder of spool files."""

    def __init__(self, root: Path, files: FileOps) -> None:
        self.root = root
        self._files = files

    async def spool(self, stream: AsyncIterator[bytes], limit: int) -> SpoolFile:
        """Take a stream of at most `limit` bytes, inclusive.

        Raises `OverLimit`, `StorageFailure`, or what the stream raises; then nothing is left of it.
        """
        writing = _Writing(self.root, self._files)
        try:
            batch: list[bytes] = []
            held = size = 0
            async for chunk in stream:
                size += len(chunk)
                if size > limit:
                    raise OverLimit
                batch.append(chunk)
                held += len(chunk)
                if held >= BATCH:
                    await asyncio.to_thread(writing.write, batch)
                    batch, held = [], 0
            return await asyncio.to_thread(writing.finish, batch)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(writing.abandon))
            raise
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    async def discard(self, spooled: SpoolFile) -> None:
        """Remove a spool file; one that the store has taken over is gone already."""
        if not spooled.file.closed:
            await asyncio.to_thread(self._discard, spooled)

    def _discard(self, spooled: SpoolFile) -> None:
        with spooled.file, translated(self.root):
            self._files.unlink(spooled.path)

    async def sweep(self) -> int:
        """Remove what dead writers left; gives how many files that were."""
        return await asyncio.to_thread(self._sweep)

    def _sweep(self) -> int:
        with translated(self.root):
            return sum(map(self._remove_leftover, [Path(entry) for entry in os.scandir(self.root)]))

    def _remove_leftover(self, path: Path) -> bool:
        with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._files.unlink(path)
            return True
        return False


class _Writing:
    """One spool file in the making; its methods run in threads."""

    def __init__(self, root: Path, files: FileOps) -> None:
        self._root = root
        self._path = root / uuid4().hex
        self._files = files
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._size = 0
        self._abandoned = False
        # A cancelled stream leaves its last batch running in a thread; the file must not be closed under it.
        self._lock = threading.Lock()

    def write(self, batch: Sequence[bytes]) -> None:
        with self._lock, translated(self._root):
            self._write(batch)

    def finish(self, batch: Sequence[bytes]) -> SpoolFile:
        with self._lock, translated(self._root):
            file = self._write(batch)
        return SpoolFile(self._digest.hexdigest(), self._size, self._path, file)

    def _write(self, batch: Sequence[bytes]) -> BinaryIO:
        if self._abandoned:
            raise asyncio.CancelledError
        if self._file is None:
            self._file = self._files.create(self._path)
        data = b"".join(batch)
        if data:
            self._digest.update(data)
            self._size += len(data)
            self._files.write(self._file, data)
        return self._file

    def abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            if self._file is not None:
                with self._file, translated(self._root):
                    self._files.unlink(self._path)
