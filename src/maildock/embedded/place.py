"""Where the database lies: in the data dir, or, as root, where the server's account can reach it."""

import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from maildock.domain.errors import UsageError
from maildock.embedded import binaries
from maildock.embedded.account import Account, server_account

_SHARED = (Path("/var/lib/maildock"), Path("/var/tmp/maildock"))  # noqa: S108 - checked to be root's own before use
# A socket's path holds 107 bytes (unix(7)), and its name is `.s.PGSQL.5432`.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one database. `home` is ours, `cluster` and `sockets` the server account's."""

    home: Path
    programs: Path
    account: Account

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.home / "cluster"

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket, with a path short enough for one."""
        own = self.home / "run"
        if len(os.fsencode(own)) <= _LONGEST_SOCKET_FOLDER:
            return own
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"maildock-{self.account.uid}-{name}"


def place_of(data_dir: Path) -> Place:
    """Find or choose the place of this data dir's database, and make its folders."""
    account = server_account()
    if not account.switch:
        home, programs = data_dir / "database", binaries.installed()
        _own_folder(home, os.geteuid(), os.getegid(), 0o700)
    else:
        shared = _shared_folder()
        home, programs = _noted_home(data_dir, shared), binaries.reachable(shared)
        _own_folder(home, 0, 0, 0o711)
    place = Place(home, programs, account)
    _own_folder(place.sockets, account.uid, account.gid, 0o700)
    return place


def _shared_folder() -> Path:
    for folder in _SHARED:
        try:
            _own_folder(folder, 0, 0, 0o755)
        except OSError:
            continue
        return folder
    raise UsageError(f"neither {_SHARED[0]} nor {_SHARED[1]} can be made; set MAILDOCK_DATABASE_URL instead")


def _noted_home(data_dir: Path, shared: Path) -> Path:
    """Read where the database of this data dir lies, or choose and note it; two first starts agree on one place."""
    note = data_dir / "database.location"
    fresh = data_dir / f".location.{secrets.token_hex(4)}"
    if not note.exists():
        fresh.write_text(f"{shared}/{secrets.token_hex(8)}\n", encoding="utf-8")
        try:
            os.link(fresh, note)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return Path(note.read_text(encoding="utf-8").strip())


def _own_folder(path: Path, uid: int, gid: int, mode: int) -> None:
    """Make a folder, or make sure that the one that is there is not somebody else's trap."""
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        pass
    except OSError as problem:
        raise UsageError(f"{path} cannot be made: {problem.strerror}") from problem
    else:
        os.chown(path, uid, gid)
        path.chmod(mode)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
        raise UsageError(f"{path} belongs to somebody else; remove it")
