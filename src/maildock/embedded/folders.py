"""Folders that are certainly ours, whoever else can write beside them."""

import os
import stat
from pathlib import Path

from maildock.domain.errors import UsageError


def own_folder(path: Path, mode: int, uid: int | None = None, gid: int | None = None) -> Path:
    """Make the folder `path`, or make sure that the one there belongs to `uid` (this user) and has `mode` at most.

    Raises `UsageError` when it cannot be made, is a link, or belongs to somebody else.
    """
    uid = os.geteuid() if uid is None else uid
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        pass
    except OSError as problem:
        raise UsageError(f"{path} cannot be made: {problem.strerror}") from problem
    # Opened once and asked for its nature, so that nobody exchanges it in between.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as problem:
        raise UsageError(f"{path} cannot be used: {problem.strerror}") from problem
    try:
        _settle(path, descriptor, mode, uid, os.getegid() if gid is None else gid)
    finally:
        os.close(descriptor)
    return path


def _settle(path: Path, descriptor: int, mode: int, uid: int, gid: int) -> None:
    found = os.fstat(descriptor)
    if found.st_uid not in {uid, os.geteuid()}:
        raise UsageError(f"{path} belongs to another user; remove it, or give it back to maildock's")
    if found.st_uid != uid:
        os.fchown(descriptor, uid, gid)
    if stat.S_IMODE(found.st_mode) != mode:
        os.fchmod(descriptor, mode)
