"""The spool: where a stream becomes a file that is counted, hashed and whole, before anything else is done with it.

A spool file is locked for as long as its owner lives and has not given it away, so what is unlocked is a leftover.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from maildock.domain.errors import MaildockError
from maildock.storage.failures import disk_errors
from maildock.storage.files import FileOps, drop, make_folders
from maildock.storage.threads import ended, in_thread

# From this many bytes on a batch is worth a hop to a thread.
BATCH = 1024 * 1024
# A whole file of up to this size is hashed and written sooner than a thread is reached.
SMALL = 128 * 1024
# So many bytes are sent on their way to the disk while the stream goes on, so that few are left to wait for.
FLUSH = 16 * BATCH

_NAME = re.compile(r"[0-9a-f]{32}")


class OverLimit(MaildockError):
    """The stream is longer than its limit."""


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """A whole file in the spool: `sha256` in hex, `size` in bytes.

    `handle` is open, and holds the lock, until a store takes the file over or it is discarded.
    """

    sha256: str
    size: int
    path: Path
    handle: FileIO = field(repr=False, compare=False)

    @property
    def taken(self) -> bool:
        """Whether the bytes have gone: into a store, or away."""
        return self.handle.closed


class Spool:
    """The folder that streams are written to; made when it is first needed."""

    def __init__(self, root: Path, files: FileOps | None = None) -> None:
        self._root = root
        self._files = files or FileOps()

    async def spool(self, stream: AsyncIterator[bytes], limit: int) -> SpoolFile:
        """Write the stream to a file that the caller owns, and closes by `put` or `discard`.

        Raises `OverLimit` beyond `limit` bytes, `StorageFailure` when the disk does not work, and whatever the
        stream raises; then, or when cancelled, nothing is left. The stream is closed in any case.
        """
        writer = _Writer(self._root, self._files)
        behind = _WriteBehind(writer)
        try:
            return await _drain(stream, limit, behind)
        except BaseException:
            await behind.end()
            if writer.file is not None:
                await in_thread(writer.drop)
            raise

    async def discard(self, spooled: SpoolFile) -> None:
        """Remove a spool file; does nothing once a store has taken it over."""
        if spooled.taken:
            return
        if spooled.size <= BATCH:
            drop(self._files, spooled.path, spooled.handle)
        else:
            await in_thread(drop, self._files, spooled.path, spooled.handle)

    async def sweep(self) -> int:
        """Remove what dead processes left, and nothing that a living one holds; gives their number."""
        return await in_thread(self._sweep)

    def _sweep(self) -> int:
        with disk_errors(self._root):
            names = [entry.name for entry in self._files.scan(self._root) if _NAME.fullmatch(entry.name)]
            return sum(self._remove_unlocked(self._root / name) for name in names)

    def _remove_unlocked(self, path: Path) -> bool:
        try:
            # Network disks lock only what is open for writing.
            file = self._files.open(path, "r+")
        except (FileNotFoundError, PermissionError):
            # Taken over meanwhile, or another user's, who sweeps for himself.
            return False
        with file:
            if not self._files.try_lock(file):
                return False
            self._files.unlink(path)
        return True


class _Writer:
    """One file that is being written; its methods block, so all but the smallest work with it is done in a thread."""

    def __init__(self, root: Path, files: FileOps) -> None:
        self.file: FileIO | None = None
        self._root = root
        self._path = root
        self._files = files
        self._digest = hashlib.sha256()

    def write(self, data: bytes | bytearray) -> None:
        """Hash and write a batch; the first one makes the file."""
        with disk_errors(self._root):
            if self.file is None:
                self._path, self.file = create_locked(self._files, self._root)
            self._digest.update(data)
            self._files.write(self.file, data)

    def finish(self, data: bytes | bytearray, size: int) -> SpoolFile:
        """Write the last batch; the file's durability is left to who takes it over."""
        self.write(data)
        assert self.file is not None  # noqa: S101 - `write` has made it
        return SpoolFile(self._digest.hexdigest(), size, self._path, self.file)

    def flush(self) -> None:
        """Wait until what has been written is on the disk; a write may go on meanwhile."""
        assert self.file is not None  # noqa: S101 - `write` has made it
        with disk_errors(self._root):
            self._files.fsync(self.file)

    def drop(self) -> None:
        """Remove the file."""
        if self.file is not None:
            drop(self._files, self._path, self.file)


class _WriteBehind:
    """Writes one batch in a thread while the stream gives the next: reading and writing use a core each.

    A third thread sees to it from time to time that the disk has what was written.
    """

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self._writing: asyncio.Task[None] | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._unflushed = 0

    async def write(self, batch: bytes | bytearray) -> None:
        """Begin to write a batch, once the one before is written; raises what went wrong with that."""
        await self._written()
        self._flush_behind()
        self._writing = asyncio.create_task(in_thread(self._writer.write, batch))
        self._unflushed += len(batch)

    def _flush_behind(self) -> None:
        if self._flushing is not None and self._flushing.done():
            # The system tells of a failure only once, so it must not be overheard.
            self._flushing.result()
            self._flushing = None
        if self._unflushed >= FLUSH and self._flushing is None:
            self._unflushed = 0
            self._flushing = asyncio.create_task(in_thread(self._writer.flush))

    async def finish(self, batch: bytes | bytearray, size: int) -> SpoolFile:
        """Write the last batch, and give the whole file."""
        await self._written()
        if size <= SMALL:
            return self._writer.finish(batch, size)
        whole = await in_thread(self._writer.finish, batch, size)
        if self._flushing is not None:
            await self._flushing
        return whole

    async def _written(self) -> None:
        if self._writing is not None:
            await self._writing

    async def end(self) -> None:
        """Return when no thread works with the file any more; what went wrong there does not matter now."""
        for working in (self._writing, self._flushing):
            if working is not None:
                await ended(working)


async def _drain(stream: AsyncIterator[bytes], limit: int, behind: _WriteBehind) -> SpoolFile:
    size = 0
    batch: bytes | bytearray = b""
    try:
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                raise OverLimit
            batch = _joined(batch, chunk)
            if len(batch) >= BATCH:
                await behind.write(batch)
                batch = b""
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    return await behind.finish(batch, size)


def _joined(batch: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    """Add a chunk to a batch; the first one, which may be the only one, is not copied."""
    if not batch:
        return chunk
    if isinstance(batch, bytes):
        return bytearray().join((batch, chunk))
    batch += chunk
    return batch


def create_locked(files: FileOps, folder: Path) -> tuple[Path, FileIO]:
    """Make a file in the spool folder that no sweep takes."""
    while True:
        path = folder / secrets.token_hex(16)
        try:
            file = files.create(path)
        except FileNotFoundError:
            make_folders(files, folder)
            continue
        try:
            files.lock(file)
            if files.has_name(file):
                return path, file
        except BaseException:
            drop(files, path, file)
            raise
        # A sweep came between making and locking, and took it for a leftover.
        file.close()
