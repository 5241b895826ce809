"""Nobody else gets in: no port, no way to the socket, no way without the password, no trap left by others."""

import itertools
import os
import stat
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maildock.domain.errors import UsageError
from maildock.embedded.folders import own_folder
from tests.embedded.house import House, query


def test_no_port_is_open(house: House) -> None:
    user = house.enter()
    assert query(user.dsn(), "SHOW listen_addresses") == [("",)]
    descriptors = (Path("/proc") / str(house.postmaster()) / "fd").iterdir()
    inodes = {str(found)[8:-1] for link in descriptors if str(found := link.readlink()).startswith("socket:[")}
    open_ports = [
        line.split()[9] for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()
    ]
    assert inodes.isdisjoint(open_ports)


def test_only_the_servers_account_can_reach_the_socket(normal: House) -> None:
    folder = Path(str(conninfo_to_dict(normal.enter().dsn())["host"]))
    assert mode(folder) == 0o700
    assert mode(folder / ".s.PGSQL.5432") == 0o700


def test_the_socket_alone_lets_nobody_in(normal: House) -> None:
    dsn = normal.enter().dsn()
    for name, password in itertools.product(("maildock_owner", "postgres"), ("", "wrong")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(make_conninfo(dsn, user=name, password=password))


def test_the_password_is_for_its_owners_eyes(house: House) -> None:
    house.run("SELECT 1")
    assert mode(house.location / "owner.password") == 0o600
    assert mode(house.location / "cluster") == 0o700


def test_a_link_is_not_taken_for_our_folder(tmp_path: Path) -> None:
    (tmp_path / "trap").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="cannot be used"):
        own_folder(tmp_path / "trap", 0o700)


def test_a_folder_that_others_can_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert mode(own_folder(tmp_path / "open", 0o700)) == 0o700


def test_a_socket_folder_planted_by_others_is_refused(empty_normal: House, tmp_path: Path) -> None:
    deep = empty_normal.data_dir / ("d" * 120)
    _ours(empty_normal, deep)
    user = empty_normal.enter(deep)
    folder = Path(str(conninfo_to_dict(user.dsn())["host"]))
    user.leave()
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert empty_normal.enter(deep).answer()["error"] == "UsageError"
    folder.unlink()


def _ours(house: House, folder: Path) -> None:
    folder.mkdir()
    owner = house.data_dir.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
