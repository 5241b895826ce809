"""The object store that is a folder: plain files, each put there whole and durable in one step."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from io import BufferedReader, FileIO
from itertools import islice
from os import DirEntry, stat_result
from pathlib import Path
from typing import BinaryIO

from maildock.domain.errors import StorageFailure
from maildock.storage.base import StoredObject, unchanged
from maildock.storage.failures import disk_errors
from maildock.storage.files import FileOps, drop, make_folders
from maildock.storage.keys import parse_key
from maildock.storage.spool import SMALL, SpoolFile, create_locked
from maildock.storage.threads import in_thread

PIECE = 256 * 1024
SPOOL = ".spool"

_LISTED_AT_ONCE = 500
_PROBE = b"maildock was here\n"
# So many folders are known to be on the disk before they are all looked at again.
_SETTLED = 65_536
# So many objects are put at once, and their waits for the disk merge; other threads are left for reading.
_SIDE_BY_SIDE = 4


class LocalStore:
    """The objects under one folder, named by their keys. Names with a leading dot there are the store's own."""

    def __init__(self, root: Path, files: FileOps | None = None) -> None:
        self._root = root
        self._files = files or FileOps()
        self._settled: set[Path] = set()

    def local_path(self, key: str) -> Path:
        """Give the path of an object's file, which need not exist; `ValueError` for what is no key."""
        if parse_key(key) is None:
            raise ValueError(f"not a storage key: {key!r}")
        return self._root / key

    async def put(self, key: str, spooled: SpoolFile) -> None:
        """Take over the spooled bytes as object `key`; after this returns they survive a power cut.

        An object of another size under this key is damaged and replaced. Raises `StorageFailure`; the spool file is
        then still the caller's.
        """
        await in_thread(self._put, key, spooled)

    async def put_all(self, objects: Sequence[tuple[str, SpoolFile]]) -> list[Exception | None]:
        """Put many, one after the other in each of a few threads, whose waits for the disk it serves together."""
        waiting = iter(enumerate(objects))
        threads = [in_thread(self._put_each, waiting) for _ in objects[:_SIDE_BY_SIDE]]
        outcomes: dict[int, Exception | None] = {}
        # Also when cancelled, no thread is left behind that still works with the files.
        for outcome in await asyncio.gather(*threads, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
            outcomes |= outcome
        return [outcomes[number] for number in range(len(objects))]

    def _put_each(self, waiting: Iterator[tuple[int, tuple[str, SpoolFile]]]) -> dict[int, Exception | None]:
        return {number: self._try_to_put(key, spooled) for number, (key, spooled) in waiting}

    def _try_to_put(self, key: str, spooled: SpoolFile) -> Exception | None:
        try:
            self._put(key, spooled)
        except Exception as problem:  # noqa: BLE001 - the caller is told
            return problem
        return None

    def _put(self, key: str, spooled: SpoolFile) -> None:
        path = self.local_path(key)
        if path.name != spooled.sha256:
            raise ValueError(f"the bytes are not those of {key}")
        with disk_errors(self._root):
            self._settle(path.parent)
            if self._files.size(path) == spooled.size:
                self._files.unlink(spooled.path)
            else:
                self._files.fsync(spooled.handle)
                self._move(spooled.path, path)
            # Also when the object was there: who put it may not have come this far yet.
            self._files.fsync_folder(path.parent)
            spooled.handle.close()

    def _move(self, source: Path, target: Path) -> None:
        try:
            self._files.rename(source, target)
        except FileNotFoundError:
            # Somebody removed the folder.
            self._settled.clear()
            self._settle(target.parent)
            self._files.rename(source, target)

    def _settle(self, folder: Path) -> None:
        """Have `folder` on the disk, whoever made it."""
        if folder in self._settled:
            return
        if folder == self._root:
            make_folders(self._files, folder)
        else:
            self._settle(folder.parent)
            with suppress(FileExistsError):
                self._files.make_folder(folder)
            self._files.fsync_folder(folder.parent)
        if len(self._settled) >= _SETTLED:
            self._settled.clear()
        self._settled.add(folder)

    async def read(
        self, key: str, start: int = 0, end: int | None = None, through: Callable[[bytes], bytes] = unchanged
    ) -> AsyncGenerator[bytes]:
        """Stream the bytes [start, end) of an object in pieces of at most 1 MiB; `end` may lie beyond its end.

        Each is put `through` something where it was read, and what that gives is passed on, unless empty.
        Raises `FileNotFoundError` when there is no such object, `StorageFailure` when the disk does not work.
        """
        path = self.local_path(key)
        if end is not None and 0 < end - start <= SMALL and (small := self._read_now(path, start, end)) is not None:
            if piece := through(small):
                yield piece
            return
        with ExitStack() as opened:
            file, piece = await in_thread(self._read_first, path, start, end, through, opened)
            while True:
                if piece:
                    yield piece
                if file.closed:
                    return
                piece = await in_thread(self._read_next, file, end, through)

    def _read_now(self, path: Path, start: int, end: int) -> bytes | None:
        """Read a small range sooner than a thread is reached; `None` unless all of it is in memory."""
        file = self._open(path)
        if file is None:
            return None
        with file:
            data = self._files.read_now(file, start, end - start)
        return data if data is not None and len(data) == end - start else None

    def _read_first(
        self, path: Path, start: int, end: int | None, through: Callable[[bytes], bytes], opened: ExitStack
    ) -> tuple[FileIO, bytes]:
        file = self._open(path)
        if file is None:
            raise FileNotFoundError(f"no object {path.name}")
        opened.enter_context(file)
        with disk_errors(self._root):
            file.seek(start)
        return file, self._read_next(file, end, through)

    def _open(self, path: Path) -> FileIO | None:
        with disk_errors(self._root):
            try:
                return self._files.open(path)
            except FileNotFoundError:
                return None

    def _read_next(self, file: FileIO, end: int | None, through: Callable[[bytes], bytes]) -> bytes:
        """Read the next piece; a short one is the last, and closes the file."""
        with disk_errors(self._root):
            piece = self._files.read(file, PIECE if end is None else max(0, min(PIECE, end - file.tell())))
        if len(piece) < PIECE:
            file.close()
        return through(piece)

    def open_local(self, key: str) -> BinaryIO | None:
        """Open an object's file for reading; `None` when there is no such object. Blocks: for use in a thread."""
        file = self._open(self.local_path(key))
        return BufferedReader(file) if file else None

    async def size(self, key: str) -> int | None:
        """Give the object's size in bytes, `None` when it does not exist."""
        found = await self.local_stat(key)
        return None if found is None else found.st_size

    async def local_stat(self, key: str) -> stat_result | None:
        """Give what the system says of an object's file, `None` when it does not exist."""
        return await in_thread(self._stat, self.local_path(key))

    def _stat(self, path: Path) -> stat_result | None:
        with disk_errors(self._root):
            return self._files.stat(path)

    async def delete(self, key: str) -> None:
        """Remove the object for good; a missing one is no error."""
        await in_thread(self._delete, self.local_path(key))

    def _delete(self, path: Path) -> None:
        with disk_errors(self._root), suppress(FileNotFoundError):
            self._files.unlink(path)
            self._files.fsync_folder(path.parent)

    async def list(self, prefix: str = "") -> AsyncGenerator[StoredObject]:
        """Walk over every file whose key starts with `prefix`, also those that no key names; not over the spool."""
        found = self._walk(self._root, "", prefix)
        while batch := await in_thread(self._next, found):
            for one in batch:
                yield one

    def _next(self, found: Iterator[StoredObject]) -> tuple[StoredObject, ...]:
        with disk_errors(self._root):
            return tuple(islice(found, _LISTED_AT_ONCE))

    def _walk(self, folder: Path, above: str, prefix: str) -> Iterator[StoredObject]:
        for entry in self._files.scan(folder):
            key = above + entry.name
            if not above and key.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                below = f"{key}/"
                if below.startswith(prefix) or prefix.startswith(below):
                    yield from self._walk(folder / entry.name, below, prefix)
            elif key.startswith(prefix) and entry.is_file(follow_symlinks=False):
                yield from _listed(key, entry)

    async def check(self) -> None:
        """Prove that the folder takes and gives bytes; `StorageFailure` says what is wrong and what to do."""
        await in_thread(self._check)

    def _check(self) -> None:
        with disk_errors(self._root):
            spooled, file = create_locked(self._files, self._root / SPOOL)
            try:
                self._files.write(file, _PROBE)
                self._files.fsync(file)
                file.seek(0)
                given = self._files.read(file, len(_PROBE))
                # One name for all who check at once: whoever comes last removes it.
                probe = self._root / ".probe"
                self._files.rename(spooled, probe)
                self._files.unlink(probe)
            finally:
                drop(self._files, spooled, file)
        if given != _PROBE:
            raise StorageFailure(f"{self._root} gives other bytes than were written: check its disk")


def _listed(key: str, entry: DirEntry[str]) -> Iterator[StoredObject]:
    # It may have been deleted since the folder was listed.
    with suppress(FileNotFoundError):
        found = entry.stat(follow_symlinks=False)
        readable = key.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        yield StoredObject(readable, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
