"""Data dirs that are deep, oddly named, copied, moved, damaged, or not ours."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.embedded.house import House, at_work, query


@pytest.fixture
def stranger(normal: House) -> Iterator[int]:
    """A process of the server's account that has nothing to do with the database; its pid."""
    process = subprocess.Popen([*normal.switch, "sleep", "600"], cwd="/")
    yield process.pid
    process.kill()
    process.wait()


@pytest.mark.parametrize("name", ["/".join(["deep" * 20] * 6), "a, b'\"\\ %s ü"])
def test_any_path_will_do(empty_normal: House, name: str) -> None:
    folder = empty_normal.data_dir / name
    owned(empty_normal, folder)
    user = empty_normal.enter(folder)
    dsn = user.dsn()
    assert query(dsn, "SELECT 1") == [(1,)]
    user.leave()
    Path(str(conninfo_to_dict(dsn)["host"])).rmdir()


def test_pid_files_that_name_a_stranger_are_stale(normal: House, stranger: int) -> None:
    query(normal.enter().dsn(), "CREATE TABLE kept AS SELECT 7 AS n")
    pid_file = normal.location / "cluster" / "postmaster.pid"
    socket_file = normal.location / "run" / ".s.PGSQL.5432.lock"
    lines = pid_file.read_text().splitlines()
    normal.kill_everything()
    for path in (pid_file, socket_file):
        path.write_text("\n".join([str(stranger), *lines[1:]]) + "\n")
        path.chmod(0o644)
    assert normal.run("SELECT n FROM kept") == [(7,)]
    os.kill(stranger, 0)


def test_a_cluster_that_others_could_read_is_closed_again(normal: House) -> None:
    normal.run("SELECT 1")
    (normal.location / "cluster").chmod(0o777)
    assert normal.run("SELECT 1") == [(1,)]
    assert (normal.location / "cluster").stat().st_mode & 0o777 == 0o700


def test_a_lost_password_is_replaced(house: House) -> None:
    house.run("CREATE TABLE kept AS SELECT 7 AS n")
    (house.location / "owner.password").unlink()
    assert house.run("SELECT n FROM kept") == [(7,)]


def test_a_moved_data_dir_works(house: House) -> None:
    house.run("CREATE TABLE kept AS SELECT 7 AS n")
    old, house.data_dir = house.data_dir, beside(house, "moved")
    old.rename(house.data_dir)
    assert house.run("SELECT n FROM kept") == [(7,)]


def test_a_copied_data_dir_has_a_database_of_its_own(house: House) -> None:
    house.run("CREATE TABLE kept AS SELECT 7 AS n")
    original = House(house.data_dir, house.switch)
    house.data_dir = beside(house, "copied")
    subprocess.run(["cp", "-a", original.data_dir, house.data_dir], check=True)
    try:
        assert house.run("UPDATE kept SET n = 8 RETURNING n") == [(8,)]
        assert original.run("SELECT n FROM kept") == [(7,)]
    finally:
        original.tear_down()


def test_another_major_versions_cluster_is_refused(normal: House) -> None:
    normal.run("SELECT 1")
    (normal.location / "cluster" / "PG_VERSION").write_text("17\n")
    answer = normal.enter().answer()
    assert answer["error"] == "UsageError"
    assert "made by PostgreSQL 17" in answer["message"]


def test_a_data_dir_that_cannot_be_written_is_refused(empty_normal: House) -> None:
    empty_normal.data_dir.chmod(0o500)
    answer = empty_normal.enter().answer()
    assert answer == {"error": "UsageError", "message": f"{empty_normal.location} cannot be made: Permission denied"}
    empty_normal.data_dir.chmod(0o700)


def test_a_disk_without_room_is_named_in_one_line(empty_normal: House) -> None:
    answer = empty_normal.enter(largest_file=100_000).answer()
    assert answer["error"] == "Unavailable"
    assert answer["message"].count("\n") == 0
    assert "initdb" in answer["message"]
    assert list(empty_normal.location.glob("initdb-*")) == []


def test_a_server_that_does_not_start_says_why(normal: House) -> None:
    answer = normal.enter(shared_buffers="no number").answer()
    assert answer["error"] == "Unavailable"
    assert "shared_buffers" in answer["message"]
    assert at_work(normal.location) == []


def owned(house: House, folder: Path) -> None:
    """Make a folder for the house's user."""
    folder.mkdir(parents=True)
    owner = house.data_dir.stat()
    for path in (folder, *folder.parents):
        if path == house.data_dir:
            break
        shutil.chown(path, owner.st_uid, owner.st_gid)


def beside(house: House, name: str) -> Path:
    return house.data_dir.with_name(f"{house.data_dir.name}-{name}")
