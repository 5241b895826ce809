"""The embedded database as the rest of maildock sees it: start, use, stop."""

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

import structlog
from psycopg.conninfo import make_conninfo

from maildock.domain.errors import OutageError, Unavailable
from maildock.embedded import apart, server
from maildock.embedded.cluster import DATABASE, OWNER, ensure_cluster, owner_password
from maildock.embedded.leftovers import clear
from maildock.embedded.locks import FileLock, held, is_held
from maildock.embedded.place import Place, place_of

log = structlog.get_logger(__name__)

_WATCH_SECONDS = 1.0
# Longer than a server takes to recover from a crash and start, or to stop.
_PATIENCE = 60.0


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
        if self._use is not None:
            return _dsn(place)
        use = FileLock(place.users_lock)
        try:
            with held(place.start_lock, _PATIENCE):
                self._join(place, use)
        except BaseException:
            use.release()
            raise
        self._use = use
        self._leaving.clear()
        self._watcher = threading.Thread(target=self._watch, args=(place,), daemon=True, name="embedded-database")
        self._watcher.start()
        return _dsn(place)

    def _join(self, place: Place, use: FileLock) -> None:
        # Waits for a keeper that is just stopping its server.
        if not use.take(shared=True, seconds=_PATIENCE):
            raise Unavailable(f"the embedded database in {place.home} does not finish stopping")
        if not server.running(place):
            clear(place.cluster, place.sockets)
            ensure_cluster(place)
        self._serve(place)

    def _serve(self, place: Place) -> None:
        if not server.running(place):
            server.start(place, self._settings)
        server.wait_until_ready(place, _dsn(place), _PATIENCE)

    def _watch(self, place: Place) -> None:
        """Start another server when the keeper of this one, or the server, has been killed."""
        while not self._leaving.wait(_WATCH_SECONDS):
            try:
                if not server.running(place):
                    self._take_over(place)
            except (OutageError, OSError) as problem:
                log.warning("embedded database not taken over", error=str(problem))
                self._leaving.wait(_WATCH_SECONDS * 5)

    def _take_over(self, place: Place) -> None:
        with held(place.start_lock, _PATIENCE):
            if not self._leaving.is_set():
                self._serve(place)
                log.info("embedded database taken over")

    def stop(self) -> None:
        """Leave the database; the last one to leave waits until its server has stopped."""
        use, self._use = self._use, None
        if use is None:
            return
        place = self._found()
        self._leaving.set()
        try:
            with held(place.start_lock, _PATIENCE):
                last = use.take() or is_held(place.users_lock)
                use.release()
                if last:
                    server.wait_until_stopped(place, _PATIENCE)
        finally:
            use.release()
            if self._watcher is not None:
                self._watcher.join(_PATIENCE)

    def destroy(self) -> None:
        """Leave the database, and remove it from the disk."""
        self.stop()
        place = self._found()
        for folder in (place.sockets, place.home):
            shutil.rmtree(folder, ignore_errors=True)
        apart.forget(self._data_dir)
        self._place = None


def _dsn(place: Place) -> str:
    return make_conninfo(
        host=str(place.sockets), port=5432, user=OWNER, password=owner_password(place), dbname=DATABASE
    )
