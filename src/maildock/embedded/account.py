"""Who runs the server: this user, or, since PostgreSQL refuses root, an unprivileged one."""

import os
import pwd
from dataclasses import dataclass
from typing import Any

from maildock.domain.errors import UsageError

# The first that exists; `nobody` exists everywhere.
_CANDIDATES = ("maildock", "postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """The ids to run under; `switch` is whether this process must change to them."""

    uid: int
    gid: int
    switch: bool

    @property
    def popen(self) -> dict[str, Any]:
        """The arguments of `subprocess.Popen` that start a process under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}


def server_account() -> Account:
    """Pick the account that the server runs under; raises `UsageError` where there is none that PostgreSQL takes."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    for name in _CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(found.pw_uid, found.pw_gid, switch=True)
    raise UsageError("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`; add one")


def user_name(uid: int) -> str | None:
    """Name the user as the system's list of users does, `None` where it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
