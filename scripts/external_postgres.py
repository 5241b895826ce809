"""Run a command beside a throw-away PostgreSQL of the system's: `python -m scripts.external_postgres COMMAND…`.

The command finds the address of an owner who is no superuser in TEST_DATABASE_URL.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

OLDEST = 15
INSTALLED = Path("/usr/lib/postgresql")
ACCOUNTS = ("postgres", "nobody")
OWNER = "maildock_tests"


class NoPostgres(RuntimeError):
    """No PostgreSQL of a supported version is installed."""


def binaries() -> Path:
    """Find the folder of the oldest supported version installed: it is the one most likely to differ from ours."""
    found = [path for path in INSTALLED.glob("*/bin") if path.parent.name.isdecimal() and (path / "initdb").exists()]
    supported = sorted((int(path.parent.name), path) for path in found if int(path.parent.name) >= OLDEST)
    if supported:
        return supported[0][1]
    raise NoPostgres(f"no PostgreSQL of version {OLDEST} or newer in {INSTALLED}")


def account() -> str | None:
    """Name an account that PostgreSQL agrees to run under; `None` for our own, where that isn't root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ACCOUNTS if name in known)


@contextlib.contextmanager
def running(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Start a server in the empty `folder`, give the owner's URL, and stop the server at the end."""
    tools, user, password = binaries(), account(), secrets.token_urlsafe()
    secret = folder / "password"
    secret.write_text(password)
    if user:
        shutil.chown(folder, user)
        shutil.chown(secret, user)
    identity = ("-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}")
    _run(user, tools / "initdb", "-D", folder / "cluster", *identity, "-E", "UTF8", "--locale=C", "-N")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # What is lost with this cluster is worth nothing, so nothing is waited for.
    given = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off"}
    options = " ".join(f"-c {name}={value}" for name, value in {**given, **settings}.items())
    control = (tools / "pg_ctl", "-D", folder / "cluster", "-w", "-s")
    _run(user, *control, "-l", folder / "server.log", "-o", options, "start")
    try:
        yield _owner(f"127.0.0.1:{port}/postgres", password)
    finally:
        _run(user, *control, "-m", "fast", "stop")


def _owner(where: str, password: str) -> str:
    with psycopg.connect(f"postgresql://postgres:{password}@{where}", autocommit=True) as connection:
        create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}")
        connection.execute(create.format(sql.Identifier(OWNER), sql.Literal(password)))
    return f"postgresql://{OWNER}:{password}@{where}"


def _run(user: str | None, *command: object) -> None:
    words = [str(part) for part in command]
    group = pwd.getpwnam(user).pw_gid if user else None
    quiet = subprocess.DEVNULL
    subprocess.run(words, user=user, group=group, umask=0o077, cwd="/", check=True, stdin=quiet, stdout=quiet)


@contextlib.contextmanager
def throw_away(logs: Path | None) -> Iterator[str]:
    """Give the URL of a server in a temporary folder; what it logs of statements is kept in `logs`."""
    with tempfile.TemporaryDirectory(prefix="maildock-postgres-") as name:
        folder = Path(name)
        written = folder / "statements"
        settings = {
            "logging_collector": "on",
            "log_destination": "jsonlog",
            "log_directory": str(written),
            "log_filename": "external.log",
            "log_statement": "all",
            "log_parameter_max_length": "0",
            "log_rotation_size": "0",
            "log_rotation_age": "0",
            "max_connections": "200",
        }
        with running(folder, settings if logs else {}) as url:
            yield url
        if logs:
            logs.mkdir(parents=True, exist_ok=True)
            shutil.copytree(written, logs, dirs_exist_ok=True, copy_function=shutil.copyfile)


def main() -> None:
    """Run the command and leave with its exit code."""
    logs = os.environ.get("TEST_SQL_LOG")
    with throw_away(Path(logs) if logs else None) as url:
        ended = subprocess.run(sys.argv[1:], env={**os.environ, "TEST_DATABASE_URL": url}, check=False)
    raise SystemExit(ended.returncode)


if __name__ == "__main__":
    main()
