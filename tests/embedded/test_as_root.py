"""Root's database: run by an unprivileged account, outside the data dir, and not mixed up with a normal user's."""

import shutil
from pathlib import Path

from tests.embedded.house import House, at_work


def test_no_process_of_the_server_is_roots(root: House) -> None:
    root.enter().dsn()
    servers = [pid for pid in at_work(root.location) if "postgres" in Path(f"/proc/{pid}/exe").readlink().name]
    assert servers
    assert all(Path(f"/proc/{pid}").stat().st_uid != 0 for pid in servers)


def test_no_folder_above_the_data_dir_is_opened(empty_root: House) -> None:
    parents = [empty_root.data_dir, *empty_root.data_dir.parents]
    before = [folder.stat().st_mode for folder in parents]
    empty_root.run("SELECT 1")
    assert [folder.stat().st_mode for folder in parents] == before


def test_the_data_dir_says_where_the_database_lies(empty_root: House) -> None:
    location = Path(empty_root.enter().answer()["location"])
    assert (empty_root.data_dir / "database.location").read_text().strip() == str(location)
    assert not location.is_relative_to(empty_root.data_dir)


def test_a_data_dir_without_its_database_does_not_get_an_empty_one(root: House) -> None:
    shutil.rmtree(root.location)
    answer = root.enter().answer()
    assert answer["error"] == "UsageError"
    assert "bring it along" in answer["message"]


def test_a_note_that_is_not_roots_is_not_followed(root: House) -> None:
    shutil.chown(root.data_dir / "database.location", "nobody")
    assert "is not root's" in root.enter().answer()["message"]


def test_a_copy_of_a_data_dir_in_use_waits_for_its_turn(root: House) -> None:
    root.enter().dsn()
    copy = root.data_dir.with_name("copy")
    shutil.copytree(root.data_dir, copy)
    assert "is a copy of" in root.enter(copy).answer()["message"]


def test_root_leaves_a_normal_users_database_alone(normal: House) -> None:
    answer = normal.enter(as_root=True).answer()
    assert answer["error"] == "UsageError"
    assert "made by the user nobody" in answer["message"]


def test_a_normal_user_is_told_of_roots_database(root: House, empty_normal: House) -> None:
    note = shutil.copy(root.data_dir / "database.location", empty_normal.data_dir / "database.location")
    answer = empty_normal.enter().answer()
    Path(note).unlink()
    assert "was made by root" in answer["message"]
