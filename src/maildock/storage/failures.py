"""What the operating system says of a disk, in words that tell an operator what to do."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from maildock.domain.errors import StorageFailure

_REMEDIES = {
    errno.ENOSPC: "is full; free some space",
    errno.EDQUOT: "has used up its quota; raise it or free some space",
    errno.EFBIG: "does not take files this large; raise the limit on file sizes",
    errno.EROFS: "is mounted read-only; mount it writable",
    errno.EACCES: "may not be used by this user; give it to the user that runs maildock",
    errno.EPERM: "may not be used by this user; give it to the user that runs maildock",
    errno.EIO: "reports damaged hardware; check the disk",
    errno.ENOENT: "is not there; mount or restore it",
    errno.ENOTDIR: "is not a folder; name another with MAILDOCK_STORAGE_URL",
    errno.EMFILE: "cannot be opened: too many open files; raise the limit for maildock",
}


@contextlib.contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Raise a `StorageFailure` about `folder` for any `OSError`; a `FileNotFoundError` of a file is its caller's."""
    try:
        yield
    except OSError as problem:
        remedy = _REMEDIES.get(problem.errno or 0, f"does not work: {problem.strerror or type(problem).__name__}")
        raise StorageFailure(f"the file store's folder {folder} {remedy}") from problem
