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
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_size": "10MB",
}


def start(place: Place, settings: Mapping[str, str]) -> None:
    """Start a server in a complete cluster; the caller holds the lock on starting, and knows that none runs."""
    leftovers.clear(place.cluster)
    all_settings = {**_SETTINGS, "unix_socket_directories": str(place.sockets), **settings}
    options = [option for name, value in all_settings.items() for option in ("-c", f"{name}={value}")]
    account = place.account
    told = {
        "command": [str(place.programs / "bin" / "postgres"), "-D", str(place.cluster), *options],
        "folder": str(place.cluster),
        "environment": {"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        "account": account.popen,
        "keeper_lock": str(place.home / "keeper.lock"),
        "users_lock": str(place.home / "users.lock"),
    }
    with _start_log(place).open("w") as output:
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py"))],
            input=json.dumps(told),
            text=True,
            stdout=output,
            stderr=output,
            cwd="/",
            check=True,
            start_new_session=True,
        )


def wait_until_ready(place: Place, dsn: str, seconds: float) -> None:
    """Return once the server answers; raises `Unavailable` with its last words when it doesn't start."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=5).close()
        except psycopg.OperationalError as problem:
            if not is_held(place.home / "keeper.lock"):
                raise Unavailable(f"the embedded database does not start: {_last_words(place)}") from problem
            if time.monotonic() > deadline:
                raise Unavailable(f"the embedded database in {place.home} does not answer") from problem
            time.sleep(0.02)
        else:
            return


def wait_until_stopped(place: Place, seconds: float) -> None:
    """Return once the keeper is gone, and its server before it."""
    lock = FileLock(place.home / "keeper.lock")
    try:
        if not lock.take(shared=True, seconds=seconds):
            raise Unavailable(f"the embedded database in {place.home} does not stop")
    finally:
        lock.release()


def _start_log(place: Place) -> Path:
    return place.home / "start.log"


def _last_words(place: Place) -> str:
    logs = [_start_log(place), *(place.cluster / "log").glob("*")]
    newest = max((log for log in logs if log.exists()), key=lambda log: log.stat().st_mtime_ns, default=None)
    lines = newest.read_text(errors="replace").strip().splitlines() if newest else []
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines
    return telling[-1].strip() if telling else f"see {place.cluster / 'log'}"
