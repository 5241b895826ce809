"""Pick the store that a storage URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from maildock.domain.errors import UsageError
from maildock.storage.failures import translated
from maildock.storage.files import FileOps
from maildock.storage.local import SPOOL, LocalStore
from maildock.storage.spool import Spool


def open_store(url: str, files: FileOps | None = None) -> tuple[LocalStore, Spool]:
    """Open the store at `file:///absolute/path` and the spool beside it; makes the folders that are missing."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise UsageError(f"{url} is not a storage URL that this maildock knows; write file:///absolute/path")
    root = Path(unquote(parts.path))
    with translated(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (root / SPOOL).mkdir(mode=0o700, exist_ok=True)
    operations = files or FileOps()
    return LocalStore(root, operations), Spool(root / SPOOL, operations)
