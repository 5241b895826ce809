"""From a storage URL to the store and the spool that it names."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from maildock.domain.errors import UsageError
from maildock.storage.files import FileOps
from maildock.storage.local import SPOOL, LocalStore
from maildock.storage.spool import Spool


def open_store(url: str, files: FileOps | None = None) -> tuple[LocalStore, Spool]:
    """Give the store that `file:///abs/path` names, and the spool under it; nothing is touched before first use.

    Both work through `files`. Raises `UsageError` for any other URL.
    """
    root = _folder(url)
    return LocalStore(root, files), Spool(root / SPOOL, files)


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    path = os.fsdecode(unquote_to_bytes(parts.path))
    usable = parts.scheme == "file" and parts.netloc in {"", "localhost"} and not (parts.query or parts.fragment)
    if not usable or not path.startswith("/") or path == "/" or "\0" in path:
        raise UsageError("MAILDOCK_STORAGE_URL must be file:///absolute/path; a blank is written %20, a # is %23")
    return Path(path)
