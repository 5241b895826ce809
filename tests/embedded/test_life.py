"""Start, use, stop, and start again, whatever happened in between."""

import time

import psycopg
import pytest

from maildock import wiring
from maildock.migrations.runner import migrate
from maildock.settings import load
from tests.embedded.house import House, at_work, query


def test_the_owner_has_a_database_and_no_more_rights_than_it_needs(empty_normal: House) -> None:
    rows = empty_normal.run(
        "SELECT current_user::text, current_database(), rolsuper, rolcreaterole, rolreplication"
        " FROM pg_roles WHERE rolname = current_user"
    )
    assert rows == [("maildock_owner", "maildock", False, True, False)]


def test_what_was_written_is_there_after_a_restart(normal: House) -> None:
    normal.run("CREATE TABLE kept AS SELECT 7 AS n")
    assert normal.run("SELECT n FROM kept") == [(7,)]


def test_nothing_runs_after_the_last_one_left(house: House) -> None:
    house.run("SELECT 1")
    assert at_work(house.location) == []


def test_a_clean_stop_leaves_nothing_to_recover(normal: House) -> None:
    normal.run("SELECT 1")
    assert not (normal.location / "cluster" / "postmaster.pid").exists()
    normal.run("SELECT 1")
    logs = "".join(log.read_text() for log in (normal.location / "cluster" / "log").iterdir())
    assert "was interrupted" not in logs


def test_it_starts_after_everything_was_killed(house: House) -> None:
    query(house.enter().dsn(), "CREATE TABLE kept AS SELECT 7 AS n")
    house.kill_everything()
    assert house.run("SELECT n FROM kept") == [(7,)]


@pytest.mark.parametrize("moment", [0.45, 0.7])
def test_it_starts_after_everything_was_killed_during_the_first_start(empty_normal: House, moment: float) -> None:
    empty_normal.enter()
    time.sleep(moment)
    empty_normal.kill_everything()
    assert empty_normal.run("SELECT 1") == [(1,)]
    assert list(empty_normal.location.glob("initdb-*")) == []


def test_what_was_committed_is_on_the_disk(normal: House) -> None:
    rows = normal.run(
        "SELECT name, setting FROM pg_settings WHERE name IN"
        " ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
    )
    assert rows == [("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")]


def test_further_settings_reach_the_server(normal: House) -> None:
    user = normal.enter(log_statement="all")
    assert query(user.dsn(), "SHOW log_statement") == [("all",)]
    user.leave()


def test_a_stop_does_not_wait_for_those_who_are_still_connected(normal: House) -> None:
    user = normal.enter()
    connection = psycopg.connect(user.dsn())
    connection.execute("SELECT 1")
    began = time.monotonic()
    user.leave()
    assert time.monotonic() - began < 10
    connection.close()


def test_the_unprivileged_roles_can_be_taken_after_migrating(normal: House) -> None:
    user = normal.enter()
    owner = user.dsn()
    migrate(owner)
    where = wiring.dsns(load({}, normal.data_dir / "no.env"), owner)
    assert query(where.app, "SELECT current_user::text") == [("maildock_app",)]
    assert query(where.sweep, "SELECT current_user::text") == [("maildock_sweep",)]
    user.leave()


def test_old_logs_are_removed(normal: House) -> None:
    normal.run("SELECT 1")
    folder = normal.location / "cluster" / "log"
    for day in range(1, 29):
        (folder / f"postgresql-2020-01-{day:02}_000000.log").write_text("old")
    normal.run("SELECT 1")
    assert len(list(folder.iterdir())) <= 11
