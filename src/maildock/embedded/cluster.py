"""Make a database cluster: whole or not at all."""

import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from maildock.domain.errors import Unavailable, UsageError
from maildock.embedded.place import Place

OWNER, DATABASE = "maildock_owner", "maildock"

_SECONDS = 120


def owner_password(place: Place) -> str:
    """Read the owner's password, made up on the first run."""
    path = place.home / "owner.password"
    if not path.exists():
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32), encoding="ascii")
        fresh.rename(path)
    return path.read_text(encoding="ascii")


def ensure_cluster(place: Place, password: str) -> None:
    """Make the cluster unless it is there; the caller holds the lock on starting."""
    version = place.cluster / "PG_VERSION"
    if version.exists():
        _check_version(place, version.read_text().strip())
        return
    workshop = Path(tempfile.mkdtemp(prefix="initdb-", dir=place.home))
    try:
        _own(place, workshop)
        _initdb(place, workshop)
        _create_owner(place, workshop / "cluster", password)
        (workshop / "cluster").rename(place.cluster)
    except OSError as problem:
        raise UsageError(f"the database cannot be made in {place.home}: {problem.strerror}") from problem
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _check_version(place: Place, found: str) -> None:
    shipped = _run(place, place.home, ["postgres", "--version"]).split()[2]
    if shipped.split(".")[0] != found:
        raise UsageError(
            f"{place.cluster} was made by PostgreSQL {found}, this maildock brings {shipped}; dump it with the old"
            " maildock's version and load it with this one"
        )


def _own(place: Place, path: Path) -> None:
    if place.account.switch:
        shutil.chown(path, place.account.uid, place.account.gid)


def _initdb(place: Place, workshop: Path) -> None:
    passwords = workshop / "superuser.password"
    passwords.touch(mode=0o600)
    # Nobody ever needs the superuser, so nobody knows its password.
    passwords.write_text(secrets.token_urlsafe(32), encoding="ascii")
    _own(place, passwords)
    options = ["--username=postgres", f"--pwfile={passwords}", "--auth=scram-sha-256", "--encoding=UTF8"]
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
    _run(place, workshop, ["initdb", *options, str(workshop / "cluster")])


def _create_owner(place: Place, cluster: Path, password: str) -> None:
    """Create the owner and its database without a server, so that a cluster that exists is complete."""
    script = f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{password}';\nCREATE DATABASE {DATABASE} OWNER {OWNER};\n"
    _run(place, cluster, ["postgres", "--single", "-D", str(cluster), "postgres"], script)


def _run(place: Place, folder: Path, command: list[str], script: str = "") -> str:
    program = str(place.programs / "bin" / command[0])
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            [program, *command[1:]],
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
        said = (problem.stderr.strip() or problem.stdout.strip() or f"exit {problem.returncode}").splitlines()[-1]
        raise Unavailable(f"the embedded database cannot be made: {command[0]}: {said}") from problem
    return done.stdout
