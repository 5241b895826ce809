"""Root's databases: they lie outside the data dir, which only root can enter, and the data dir notes where."""

import contextlib
import os
import secrets
import shutil
import stat
from pathlib import Path

from maildock.domain.errors import UsageError
from maildock.embedded import leftovers, notes
from maildock.embedded.account import Account
from maildock.embedded.folders import own_folder
from maildock.embedded.locks import FileLock, held

# Not `/var/lib/maildock`, which is a likely data dir.
_FIRST = Path("/var/lib/maildock-embedded")
_SECOND = Path("/var/tmp/maildock-embedded")  # noqa: S108 - checked to be root's own before use

# In the data dir: where its database lies. In that place: the way back.
NOTE = "database.location"
_BACK = "data-dir"


def shared_folder() -> Path:
    """Give the folder of all of root's databases; raises `UsageError` where none can be made."""
    with contextlib.suppress(UsageError):
        return own_folder(_FIRST, 0o755)
    return own_folder(_SECOND, 0o755)


def home_of(data_dir: Path, shared: Path, account: Account) -> Path:
    """Give the folder of this data dir's database, chosen and noted on the first start.

    A copied data dir gets a copy of the database. Raises `UsageError` when the folder did not come along to this
    machine, or is in use and so cannot be copied.
    """
    note = data_dir / NOTE
    if not note.exists():
        _choose(data_dir, shared)
    home = _noted(note)
    if not home.is_dir():
        raise UsageError(f"the database of {data_dir} lies in {home}, which is not there; bring it along, too")
    original = _original(data_dir, home)
    if original is not None:
        home = _copy(original, home, data_dir, account)
    elif notes.read(home / _BACK) != str(data_dir):
        notes.write(home / _BACK, str(data_dir))
    return own_folder(home, 0o711)


def forget(data_dir: Path) -> None:
    """Remove the note of a database that is removed."""
    (data_dir / NOTE).unlink(missing_ok=True)


def _choose(data_dir: Path, shared: Path) -> None:
    note, home = data_dir / NOTE, _new_home(data_dir, shared)
    try:
        notes.write_first(note, f"{home}\n")
    finally:
        # Only the note tells: a signal may have ended the writing when the note was there already.
        if not note.exists() or _noted(note) != home:
            shutil.rmtree(home)


def _new_home(data_dir: Path, shared: Path) -> Path:
    home = own_folder(shared / secrets.token_hex(8), 0o711)
    notes.write(home / _BACK, str(data_dir))
    notes.sync_folder(shared)
    return home


def _noted(note: Path) -> Path:
    found = note.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid != 0:
        raise UsageError(f"{note} is not root's; remove it")
    return Path(notes.read(note).strip())


def _original(data_dir: Path, home: Path) -> Path | None:
    """Give the other data dir that has this database, if ours is but a copy of it."""
    back = home / _BACK
    if not back.exists():
        notes.write(back, str(data_dir))
    original = Path(notes.read(back))
    note = original / NOTE
    if note.exists() and not original.samefile(data_dir) and _noted(note) == home:
        return original
    return None


def _copy(original: Path, home: Path, data_dir: Path, account: Account) -> Path:
    use = FileLock(home / "users.lock")
    try:
        with held(home / "server.lock", 10):
            if not use.take():
                raise UsageError(
                    f"{data_dir} is a copy of {original}, whose database is in use; stop that maildock first"
                )
            leftovers.clear(home / "cluster", home / "run")
            return _copied(home, data_dir, account)
    finally:
        use.release()


def _copied(home: Path, data_dir: Path, account: Account) -> Path:
    copy = _new_home(data_dir, home.parent)
    if (home / "cluster").exists():
        shutil.copy2(home / "owner.password", copy / "owner.password")
        shutil.copytree(home / "cluster", copy / "cluster", symlinks=True)
        for path in ((copy / "cluster"), *(copy / "cluster").rglob("*")):
            os.lchown(path, account.uid, account.gid)
        os.sync()
    notes.write(data_dir / NOTE, f"{copy}\n")
    return copy
