"""The protocol of an object store, and what every implementation promises.

A key is `{tenant}/{sha256[0:2]}/{sha256}` (see `keys`): content-addressed, so an object is immutable, and putting it
twice is the same as putting it once. Every failure of the store or its disk is a `StorageFailure`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import stat_result
from pathlib import Path
from typing import BinaryIO, Protocol

from maildock.storage.spool import SpoolFile


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as the store lists it: `size` in bytes, `modified` in UTC."""

    key: str
    size: int
    modified: datetime


def unchanged(piece: bytes) -> bytes:
    """Give a piece as it was read."""
    return piece


class ObjectStore(Protocol):
    """Whole, durable, content-addressed objects."""

    async def put(self, key: str, spooled: SpoolFile) -> None:
        """Take over the spooled bytes as object `key`; after this returns they survive a power cut.

        Atomic: a reader sees the whole object or none. Idempotent: the key names the content.
        The spool file is used up.
        """
        ...

    async def put_all(self, objects: Sequence[tuple[str, SpoolFile]]) -> list[Exception | None]:
        """Do the same for many, side by side; gives for each `None` or what went wrong, which stops no other."""
        ...

    def read(
        self, key: str, start: int = 0, end: int | None = None, through: Callable[[bytes], bytes] = unchanged
    ) -> AsyncIterator[bytes]:
        """Stream the bytes [start, end) of an object in pieces of at most 1 MiB, each put `through` something first.

        `through` is called off the event loop, piece by piece; a store that reads in threads saves a hop by it.
        Raises `FileNotFoundError` when there is no such object, `StorageFailure` when the store does not work.
        """
        ...

    def open_local(self, key: str) -> BinaryIO | None:
        """Open an object as a seekable local file, for reading it in one walk; `None` when it does not exist.

        Blocks, so for use in a thread; the caller closes the file. A store without local files downloads the object
        to the spool first.
        """
        ...

    def local_path(self, key: str) -> Path:
        """Give the local file of an object, whether it exists or not."""
        ...

    async def local_stat(self, key: str) -> stat_result | None:
        """Give what the system says of an object's local file, `None` when it does not exist."""
        ...

    async def size(self, key: str) -> int | None:
        """Give the object's size in bytes, `None` when it does not exist."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the object; a missing one is no error."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """Walk over every object whose key starts with `prefix`."""
        ...

    async def check(self) -> None:
        """Prove that the store takes and gives bytes; `StorageFailure` says what is wrong."""
        ...
