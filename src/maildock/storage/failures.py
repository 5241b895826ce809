"""The one place where an error of the disk becomes a `StorageFailure` that says what to do."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maildock.domain.errors import StorageFailure

_FULL = "the disk of {folder} is full: free space or make it larger"
_DENIED = "user {uid} may not use {folder}: give it to that user (chown -R), or start maildock as its owner"
_NOT_A_FOLDER = "{folder} or what lies above it is not a folder: set MAILDOCK_STORAGE_URL to one"
_TOO_MANY = "too many open files while using {folder}: raise the limit (ulimit -n, LimitNOFILE)"
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: "the disk quota of {folder} is used up: free space or raise it",
    errno.EFBIG: "a file in {folder} is larger than the limit of its disk or process: raise it (ulimit -f)",
    errno.EROFS: "the disk of {folder} is read-only: mount it for writing (after a disk error, see the kernel's log)",
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EIO: "the disk of {folder} reports an error: see the kernel's log and check the disk",
    errno.ESTALE: "the network disk of {folder} has gone away: mount it again",
    errno.ENOTDIR: _NOT_A_FOLDER,
    errno.EEXIST: _NOT_A_FOLDER,
    errno.EISDIR: "a folder in {folder} has the name of a file: move it away",
    errno.EXDEV: "{folder} spans two disks: the spool must lie on the disk of the files",
    errno.EMFILE: _TOO_MANY,
    errno.ENFILE: _TOO_MANY,
}


def storage_failure(problem: OSError, folder: Path) -> StorageFailure:
    """Say in one line what is wrong with the disk of `folder`, and what to do."""
    remedy = _REMEDIES.get(problem.errno or 0)
    if remedy is None:
        reason = problem.strerror or type(problem).__name__
        return StorageFailure(f"{folder} does not work ({reason}): check that its disk is there and mounted")
    return StorageFailure(remedy.format(folder=folder, uid=os.geteuid()))


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn an `OSError` from inside into a `StorageFailure`."""
    try:
        yield
    except OSError as problem:
        raise storage_failure(problem, folder) from problem
