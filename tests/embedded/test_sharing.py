"""Several processes use one server, and none of them is needed by the others."""

import os
import signal

import psycopg

from tests.embedded.house import House, answers, at_work, query, seconds_until


def test_a_second_user_joins_the_first_ones_server(normal: House) -> None:
    first, second = normal.enter(), normal.enter()
    assert first.dsn() == second.dsn()


def test_first_starts_at_the_same_time_make_one_database(empty: House) -> None:
    users = [empty.enter() for _ in range(3)]
    dsns = [user.dsn() for user in users]
    query(dsns[0], "CREATE TABLE shared AS SELECT 1 AS n")
    assert [query(dsn, "SELECT n FROM shared") for dsn in dsns] == [[(1,)]] * 3


def test_connections_outlive_the_one_who_started_the_server_and_left(normal: House) -> None:
    first = normal.enter()
    first.dsn()
    second = normal.enter()
    with psycopg.connect(second.dsn()) as connection:
        first.leave()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    second.leave()
    assert at_work(normal.location) == []


def test_connections_outlive_the_one_who_started_the_server_and_was_killed(house: House) -> None:
    first = house.enter()
    first.dsn()
    second = house.enter()
    with psycopg.connect(second.dsn()) as connection:
        first.kill()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    second.leave()
    assert at_work(house.location) == []


def test_the_server_stops_when_its_only_user_is_killed(normal: House) -> None:
    user = normal.enter()
    user.dsn()
    user.kill()
    seconds_until(lambda: at_work(normal.location) == [], 10)


def test_a_killed_keeper_is_replaced_within_ten_seconds_each_time(house: House) -> None:
    dsn = house.enter().dsn()
    assert house.enter().dsn() == dsn
    for _ in range(2):
        os.kill(house.keeper(), signal.SIGKILL)
        seconds_until(lambda: not answers(dsn), 5)
        seconds_until(lambda: answers(dsn), 10)


def test_a_killed_server_is_replaced_within_ten_seconds(normal: House) -> None:
    dsn = normal.enter().dsn()
    query(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(normal.postmaster(), signal.SIGKILL)
    seconds_until(lambda: answers(dsn), 10)
    assert query(dsn, "SELECT n FROM kept") == [(7,)]


def test_the_others_go_on_after_owner_keeper_and_server_were_killed(house: House) -> None:
    owner = house.enter()
    owner.dsn()
    other = house.enter()
    dsn = other.dsn()
    owner.kill()
    for pid in (house.keeper(), house.postmaster()):
        os.kill(pid, signal.SIGKILL)
    seconds_until(lambda: answers(dsn), 10)
    other.leave()
    assert at_work(house.location) == []


def test_users_may_come_and_go_at_the_same_time(normal: House) -> None:
    for _ in range(2):
        users = [normal.enter() for _ in range(3)]
        for user in users:
            assert answers(user.dsn())
            user.leave()
    assert at_work(normal.location) == []
