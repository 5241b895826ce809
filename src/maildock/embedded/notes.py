"""Small files that must be there whole, or not at all, even after a power cut.

What they hold is mostly paths, which may be any bytes.
"""

import contextlib
import os
import secrets
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put `text` into the file `path` (0600), in place of what was there."""
    _written_aside(path, text).rename(path)
    sync_folder(path.parent)


def write_first(path: Path, text: str) -> None:
    """Put `text` into the file `path` (0600), unless somebody else was first."""
    fresh = _written_aside(path, text)
    try:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink()
    sync_folder(path.parent)


def read(path: Path) -> str:
    """Give what a note holds."""
    return os.fsdecode(path.read_bytes())


def _written_aside(path: Path, text: str) -> Path:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.fsencode(text))
        file.flush()
        os.fsync(file.fileno())
    return fresh


def sync_folder(folder: Path) -> None:
    """Make what was made or renamed in `folder` outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
