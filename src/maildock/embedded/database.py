"""The embedded database as the rest of maildock sees it: start, use, stop."""

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

import structlog
from psycopg.conninfo import make_conninfo

from maildock.domain.errors import OutageError
from maildock.embedded import server
from maildock.embedded.cluster import DATABASE, OWNER, ensure_cluster, owner_password
from maildock.embedded.locks import FileLock, held, is_held
from maildock.embedded.place import Place, place_of

log = structlog.get_logger(__name__)

WATCH_SECONDS = 2.0
# Longer than a server takes to recover from a crash and start, or to stop.
PATIENCE = 60.0


class EmbeddedDatabase:
    """This process's use of the data dir's database."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        """Use the database of `data_dir`; `settings` are further server settings, for whoever starts it."""
        self._data_dir = data_dir
        self._settings = dict(settings or {})
        self._place: Place | None = None
        self._use: FileLock | None = None
        self._leaving = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def location(self) -> Path:
        """Where the database lies on disk."""
        return self._found().home

    def _found(self) -> Place:
        if self._place is None:
            self._place = place_of(self._data_dir)
        return self._place

    def start(self) -> str:
        """Start the server, or join those who use it already; gives the owner's DSN, good until `stop`.

        Raises `UsageError` where the folder cannot be used, `Unavailable` where the server does not start.
        """
        place = self._found()
        self._use = FileLock(place.home / "users.lock")
        self._leaving.clear()
        try:
            with held(place.home / "server.lock", PATIENCE):
                dsn = self._dsn(place)
                # Waits for a keeper that is just stopping its server.
                self._use.take(shared=True, seconds=PATIENCE)
                self._start_server(place, dsn)
        except BaseException:
            self._use.release()
            raise
        self._watcher = threading.Thread(target=self._watch, args=(place, dsn), daemon=True, name="embedded-database")
        self._watcher.start()
        return dsn

    def _dsn(self, place: Place) -> str:
        return make_conninfo(
            host=str(place.sockets), port=5432, user=OWNER, password=owner_password(place), dbname=DATABASE
        )

    def _start_server(self, place: Place, dsn: str) -> None:
        if not is_held(place.home / "keeper.lock"):
            ensure_cluster(place, owner_password(place))
            server.start(place, self._settings)
        server.wait_until_ready(place, dsn, PATIENCE)

    def _watch(self, place: Place, dsn: str) -> None:
        """Start another server when the keeper of this one has been killed."""
        while not self._leaving.wait(WATCH_SECONDS):
            if is_held(place.home / "keeper.lock"):
                continue
            try:
                with held(place.home / "server.lock", PATIENCE):
                    if not self._leaving.is_set():
                        self._start_server(place, dsn)
            except OutageError as problem:
                log.warning("embedded database not taken over", error=str(problem))

    def stop(self) -> None:
        """Leave the database; the last one to leave waits until its server has stopped."""
        if self._use is None:
            return
        place = self._found()
        self._leaving.set()
        with held(place.home / "server.lock", PATIENCE):
            last = self._use.take() or is_held(place.home / "users.lock")
            self._use.release()
            self._use = None
            if last:
                server.wait_until_stopped(place, PATIENCE)
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None

    def destroy(self) -> None:
        """Leave the database, and remove it from the disk."""
        self.stop()
        place = self._found()
        for folder in (place.sockets, place.home):
            shutil.rmtree(folder, ignore_errors=True)
