"""Make a database cluster: whole or not at all."""

import re
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from maildock.domain.errors import Unavailable, UsageError
from maildock.embedded import binaries, notes
from maildock.embedded.place import Place

OWNER, DATABASE = "maildock_owner", "maildock"

_SECONDS = 120
_SERIOUS = re.compile(r"\b(FATAL|PANIC|ERROR|error):")
_OPTIONS = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
)


def owner_password(place: Place) -> str:
    """Read the owner's password, which is there as soon as the cluster is."""
    return place.password.read_text(encoding="utf-8")


def ensure_cluster(place: Place) -> None:
    """Make the cluster unless it is there; the caller holds the lock on starting, and no server runs.

    Raises `UsageError` for the cluster of another major version, `Unavailable` with PostgreSQL's reason else.
    """
    for stale in place.home.glob("initdb-*"):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        if (place.cluster / "PG_VERSION").exists():
            _check_version(place)
            _ensure_password(place)
        else:
            _make(place)
    except OSError as problem:
        raise Unavailable(f"the database cannot be made in {place.home}: {problem.strerror}") from problem


def telling(lines: str) -> str:
    """Pick the line that says what went wrong out of what PostgreSQL's programs wrote."""
    every = [line.strip() for line in lines.splitlines() if line.strip()]
    # The first is the cause. Those who knock too early are told of the state of the system, which is no fault.
    serious = (line for line in every if _SERIOUS.search(line) and "the database system is" not in line)
    return next(serious, every[-1] if every else "")


def _check_version(place: Place) -> None:
    found, ours = (place.cluster / "PG_VERSION").read_text().strip(), binaries.shipped()
    if ours.split(".")[0] != found:
        raise UsageError(
            f"{place.cluster} was made by PostgreSQL {found}, this maildock brings {ours}; dump it with the maildock"
            " that made it, and load it with this one"
        )


def _ensure_password(place: Place) -> None:
    """Give the owner a new password when the file with the old one is lost."""
    if not place.password.exists():
        password = secrets.token_urlsafe(32)
        _tell(place, place.cluster, f"ALTER ROLE {OWNER} PASSWORD '{password}';\n")
        notes.write(place.password, password)


def _make(place: Place) -> None:
    password = secrets.token_urlsafe(32)
    notes.write(place.password, password)
    workshop = Path(tempfile.mkdtemp(prefix="initdb-", dir=place.home))
    try:
        _own(place, workshop)
        _initdb(place, workshop)
        # Without a server, so that a cluster that is there is complete.
        _tell(
            place,
            workshop / "cluster",
            f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{password}';\nCREATE DATABASE {DATABASE} OWNER {OWNER};\n",
        )
        (workshop / "cluster").rename(place.cluster)
        notes.sync_folder(place.home)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _own(place: Place, path: Path) -> None:
    if place.account.switch:
        shutil.chown(path, place.account.uid, place.account.gid)


def _initdb(place: Place, workshop: Path) -> None:
    passwords = workshop / "superuser.password"
    # Nobody ever needs the superuser, so nobody knows its password.
    notes.write(passwords, secrets.token_urlsafe(32))
    _own(place, passwords)
    _run(place, workshop, ["initdb", *_OPTIONS, f"--pwfile={passwords}", str(workshop / "cluster")])


def _tell(place: Place, cluster: Path, statements: str) -> None:
    """Run statements, one a line, in a cluster without a server."""
    _run(place, cluster, ["postgres", "--single", "-c", "exit_on_error=on", "-D", str(cluster), "postgres"], statements)


def _run(place: Place, folder: Path, command: list[str], script: str = "") -> None:
    try:
        subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            [str(place.programs / "bin" / command[0]), *command[1:]],
            cwd=folder,
            input=script,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            **place.account.popen,
        )
    except subprocess.CalledProcessError as problem:
        said = telling(problem.stderr) or telling(problem.stdout) or f"exit {problem.returncode}"
        raise Unavailable(f"the embedded database cannot be made: {command[0]}: {said}") from problem
    except subprocess.TimeoutExpired as problem:
        raise Unavailable(f"the embedded database cannot be made: {command[0]} takes over {_SECONDS} s") from problem
