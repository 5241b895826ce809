"""Where the database lies: in the data dir, or, as root, where the server's account can reach it."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from maildock.domain.errors import UsageError
from maildock.embedded import apart, binaries
from maildock.embedded.account import Account, server_account, user_name
from maildock.embedded.folders import own_folder

# A socket's path holds 107 bytes (unix(7)), and its name is `.s.PGSQL.5432`.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
# PostgreSQL and libpq take lists of folders and hosts, so some characters mean something in them.
_PLAIN = re.compile(r"/[\w/.+-]*", re.ASCII)


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
        """The folder of the server's socket, with a path that fits one."""
        own = self.home / "run"
        if len(os.fsencode(own)) <= _LONGEST_SOCKET_FOLDER and _PLAIN.fullmatch(str(own)):
            return own
        # Not by TMPDIR, which may differ between the users of one server.
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(f"/tmp/maildock-{self.account.uid}-{name}")  # noqa: S108 - checked to be ours before use

    @property
    def password(self) -> Path:
        """The file with the owner's password."""
        return self.home / "owner.password"

    @property
    def start_lock(self) -> Path:
        """Held exclusively by whoever starts the server or leaves it."""
        return self.home / "server.lock"

    @property
    def users_lock(self) -> Path:
        """Held shared by all who use the server, and exclusively by the keeper once nobody does."""
        return self.home / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held exclusively by the keeper, for as long as it has a server."""
        return self.home / "keeper.lock"


def place_of(data_dir: Path) -> Place:
    """Find or choose the place of this data dir's database, and make its folders.

    Raises `UsageError` where that cannot be done, or where the database was made by another user.
    """
    account = server_account()
    data_dir = Path(os.path.realpath(data_dir))
    try:
        place = _apart(data_dir, account) if account.switch else _inside(data_dir, account)
        own_folder(place.sockets, 0o700, account.uid, account.gid)
        if place.cluster.exists():
            # Copies often lose the mode, and PostgreSQL refuses a folder that others can read.
            own_folder(place.cluster, 0o700, account.uid, account.gid)
    except OSError as problem:
        raise UsageError(f"{data_dir} cannot hold the database: {problem.strerror}") from problem
    return place


def _inside(data_dir: Path, account: Account) -> Place:
    if (data_dir / apart.NOTE).exists():
        raise UsageError(
            f"the database of {data_dir} was made by root ({data_dir / apart.NOTE} says where); run as root"
        )
    if user_name(account.uid) is None:
        raise UsageError(
            f"PostgreSQL needs a name for the user {account.uid}; add one to /etc/passwd, or set MAILDOCK_DATABASE_URL"
        )
    return Place(own_folder(data_dir / "database", 0o700), binaries.installed(), account)


def _apart(data_dir: Path, account: Account) -> Place:
    own = data_dir / "database"
    if own.exists():
        owner = user_name(own.stat().st_uid) or own.stat().st_uid
        raise UsageError(f"the database in {own} was made by the user {owner}; run maildock as that user")
    shared = apart.shared_folder()
    return Place(apart.home_of(data_dir, shared, account), binaries.reachable(shared), account)
