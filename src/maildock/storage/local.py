"""The store on a local disk: one file an object, whole or not there, and safe from a power cut once it is put."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from maildock.domain.errors import StorageFailure
from maildock.storage.base import StoredObject
from maildock.storage.failures import translated
from maildock.storage.files import FileOps
from maildock.storage.spool import SpoolFile

PIECE = 1 << 20
SPOOL = ".spool"


class LocalStore:
    """Objects under a folder, by key; the spool lies in the same file system, so that a put is a rename."""

    def __init__(self, root: Path, files: FileOps) -> None:
        self.root = root
        self._files = files
        self._durable_folders: set[Path] = set()

    def local_path(self, key: str) -> Path:
        """Give the file of an object, whether it exists or not."""
        return self.root / key

    async def put(self, key: str, spooled: SpoolFile) -> None:
        """Take over a spool file: its bytes are synced before the name exists, the name before this returns."""
        await asyncio.to_thread(self._put, self.local_path(key), spooled)

    def _put(self, path: Path, spooled: SpoolFile) -> None:
        with translated(self.root):
            if _size(path) == spooled.size:
                self._files.unlink(spooled.path)
            else:
                self._files.sync(spooled.file)
                self._take_over(spooled.path, path)
            # Also for an object that was there: whoever put it may not have come this far yet.
            self._make_durable(path.parent)
            self._files.sync_folder(path.parent)
            spooled.file.close()

    def _take_over(self, spooled: Path, path: Path) -> None:
        self._make_durable(path.parent)
        try:
            self._files.rename(spooled, path)
        except FileNotFoundError:
            # Somebody removed the folder since it was made.
            self._durable_folders.clear()
            self._make_durable(path.parent)
            self._files.rename(spooled, path)

    def _make_durable(self, folder: Path) -> None:
        """Make a folder and those above it, down from the root, once in a process's life."""
        if folder in self._durable_folders or folder == self.root:
            return
        self._make_durable(folder.parent)
        self._files.make_folder(folder)
        self._files.sync_folder(folder.parent)
        self._durable_folders.add(folder)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Stream the bytes [start, end) in pieces of at most 1 MiB, each read in a thread."""
        file, piece = await asyncio.to_thread(self._begin, key, start, end)
        at = start
        try:
            while piece:
                yield piece
                at += len(piece)
                if end is not None and at >= end:
                    return
                piece = await asyncio.to_thread(self._next, file, at, end)
        finally:
            file.close()

    def _begin(self, key: str, start: int, end: int | None) -> tuple[BinaryIO, bytes]:
        file = self.open_local(key)
        if file is None:
            raise FileNotFoundError(key)
        try:
            return file, self._next(file, start, end)
        except BaseException:
            file.close()
            raise

    def _next(self, file: BinaryIO, at: int, end: int | None) -> bytes:
        wanted = PIECE if end is None else min(PIECE, end - at)
        with translated(self.root):
            return os.pread(file.fileno(), max(wanted, 0), at)

    def open_local(self, key: str) -> BinaryIO | None:
        """Open an object as a seekable file, `None` when it does not exist."""
        with translated(self.root):
            try:
                return self.local_path(key).open("rb", buffering=0)
            except FileNotFoundError:
                return None

    async def size(self, key: str) -> int | None:
        """Give the object's size in bytes, `None` when it does not exist."""
        with translated(self.root):
            return await asyncio.to_thread(_size, self.local_path(key))

    async def delete(self, key: str) -> None:
        """Remove the object; a missing one is no error."""
        with translated(self.root):
            await asyncio.to_thread(self._files.unlink, self.local_path(key))

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """Walk over every object whose key starts with `prefix`, a folder at a time."""
        folders = [self.root]
        while folders:
            found, inside = await asyncio.to_thread(self._scan, folders.pop())
            folders += inside
            for one in found:
                if one.key.startswith(prefix):
                    yield one

    def _scan(self, folder: Path) -> tuple[list[StoredObject], list[Path]]:
        found: list[StoredObject] = []
        inside: list[Path] = []
        with translated(self.root), os.scandir(folder) as entries:
            for entry in entries:
                path = Path(entry)
                if entry.is_dir(follow_symlinks=False):
                    if path != self.root / SPOOL:
                        inside.append(path)
                    continue
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # deleted since the folder was read
                modified = datetime.fromtimestamp(facts.st_mtime, UTC)
                found.append(StoredObject(str(path.relative_to(self.root)), facts.st_size, modified))
        return found, inside

    async def check(self) -> None:
        """Write, sync, rename, read and remove a small file."""
        await asyncio.to_thread(self._check)

    def _check(self) -> None:
        name = uuid4().hex
        probe, renamed = self.root / SPOOL / f"{name}.probe", self.root / SPOOL / f"{name}.probed"
        with translated(self.root):
            try:
                with self._files.create(probe) as file:
                    self._files.write(file, name.encode())
                    self._files.sync(file)
                    self._files.rename(probe, renamed)
                    written = renamed.read_bytes()
            finally:
                self._files.unlink(probe)
                self._files.unlink(renamed)
        if written != name.encode():
            raise StorageFailure(f"the file store's folder {self.root} gives other bytes than it took; check the disk")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
