"""Start the server under a keeper, and wait for it."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from maildock.domain.errors import Unavailable
from maildock.embedded import leftovers
from maildock.embedded.cluster import telling
from maildock.embedded.locks import FileLock, is_held
from maildock.embedded.place import Place

# Small enough for a machine that does other things; everything that keeps data safe stays as it is.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    # The keeper knows files by this name, and removes old ones.
    "log_filename": "postgresql-%Y-%m-%d_%H%M%S.log",
    "log_rotation_size": "10MB",
}


def running(place: Place) -> bool:
    """Say whether a keeper has a server, which may still be starting or stopping."""
    return is_held(place.keeper_lock)


def start(place: Place, settings: Mapping[str, str]) -> None:
    """Start a server in a complete cluster; the caller holds the lock on starting, and knows that none runs."""
    leftovers.clear(place.cluster, place.sockets)
    all_settings = {**_SETTINGS, "unix_socket_directories": str(place.sockets), **settings}
    options = [option for name, value in all_settings.items() for option in ("-c", f"{name}={value}")]
    told = {
        "command": [str(place.programs / "bin" / "postgres"), "-D", str(place.cluster), *options],
        "folder": str(place.cluster),
        "environment": {"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        "account": place.account.popen,
        "keeper_lock": str(place.keeper_lock),
        "users_lock": str(place.users_lock),
    }
    try:
        with _start_log(place).open("w") as output:
            _run_keeper(json.dumps(told), output.fileno())
    except OSError as problem:
        raise Unavailable(f"the embedded database does not start: {problem}") from problem
    except subprocess.CalledProcessError as problem:
        raise Unavailable(f"the embedded database does not start: {_last_words(place)}") from problem


def _run_keeper(told: str, output: int) -> None:
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py"))],
        input=told,
        text=True,
        stdout=output,
        stderr=output,
        cwd="/",
        check=True,
        start_new_session=True,
    )


def wait_until_ready(place: Place, dsn: str, seconds: float) -> None:
    """Return once the server answers; raises `Unavailable` with its last words when it doesn't."""
    deadline = time.monotonic() + seconds
    while (problem := _refusal(dsn)) is not None:
        if not running(place):
            raise Unavailable(f"the embedded database does not start: {_last_words(place)}") from problem
        if "password authentication failed" in str(problem):
            raise Unavailable(f"the password in {place.password} is not the database's") from problem
        if time.monotonic() > deadline:
            raise Unavailable(f"the embedded database in {place.home} does not answer: {telling(str(problem))}")
        time.sleep(0.02)


def _refusal(dsn: str) -> psycopg.OperationalError | None:
    try:
        psycopg.connect(dsn, connect_timeout=5).close()
    except psycopg.OperationalError as problem:
        return problem
    return None


def wait_until_stopped(place: Place, seconds: float) -> None:
    """Return once the keeper is gone, and its server before it; raises `Unavailable` after `seconds`."""
    lock = FileLock(place.keeper_lock)
    try:
        if not lock.take(shared=True, seconds=seconds):
            raise Unavailable(f"the embedded database in {place.home} does not stop")
    finally:
        lock.release()


def _start_log(place: Place) -> Path:
    return place.home / "start.log"


def _last_words(place: Place) -> str:
    logs = [_start_log(place), *(place.cluster / "log").glob("*")]
    written = [log for log in logs if log.exists() and log.stat().st_size]
    newest = max(written, key=lambda log: log.stat().st_mtime_ns, default=None)
    return telling(newest.read_text(errors="replace")) if newest else f"see {place.cluster / 'log'}"
