"""Throw-away databases."""

from pathlib import Path

from maildock.embedded.database import EmbeddedDatabase
from tests.embedded.house import at_work, query


def test_a_destroyed_database_leaves_nothing_and_can_be_made_again(tmp_path: Path) -> None:
    database = EmbeddedDatabase(tmp_path)
    query(database.start(), "CREATE TABLE gone AS SELECT 1 AS n")
    location = database.location
    database.destroy()
    assert at_work(location) == []
    assert not location.exists()
    assert list(tmp_path.iterdir()) == []
    assert query(database.start(), "SELECT to_regclass('gone')") == [(None,)]
    database.destroy()


def test_one_process_may_use_it_twice(tmp_path: Path) -> None:
    first, second = EmbeddedDatabase(tmp_path), EmbeddedDatabase(tmp_path)
    dsn = first.start()
    assert second.start() == dsn
    first.stop()
    assert query(dsn, "SELECT 1") == [(1,)]
    second.destroy()


def test_starting_and_stopping_again_is_no_error(tmp_path: Path) -> None:
    database = EmbeddedDatabase(tmp_path)
    assert database.start() == database.start()
    database.stop()
    database.stop()
    assert query(database.start(), "SELECT 1") == [(1,)]
    database.destroy()
