"""Data dirs of root's and of a normal user's, with nothing left running after a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.house import House, switch_to_nobody

ROOT = os.geteuid() == 0
# What only root can show is left out for others.
collect_ignore = [] if ROOT else ["test_as_root.py"]


@pytest.fixture(scope="session")
def to_normal_user() -> Iterator[tuple[str, ...]]:
    """The command that runs another one as a normal user; none, if this is one."""
    programs = open_folder()
    programs.chmod(0o755)
    yield switch_to_nobody(programs) if ROOT else ()
    shutil.rmtree(programs)


def open_folder() -> Path:
    # Not below pytest's own folder, which only its user can enter.
    return Path(tempfile.mkdtemp(prefix="md-", dir="/tmp"))


def normal_house(switch: tuple[str, ...]) -> House:
    folder = open_folder()
    if switch:
        shutil.chown(folder, "nobody", "nogroup")
    return House(folder, switch)


@pytest.fixture(scope="session")
def normal_model(to_normal_user: tuple[str, ...]) -> Iterator[House]:
    """A normal user's database as the first start leaves it; not to be used by tests."""
    house = normal_house(to_normal_user)
    house.run("SELECT 1")
    yield house
    house.tear_down()


@pytest.fixture(scope="session")
def root_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Root's database as the first start leaves it; not to be used by tests."""
    house = House(tmp_path_factory.mktemp("model"), ())
    house.run("SELECT 1")
    yield house
    house.tear_down()


@pytest.fixture
def empty_normal(to_normal_user: tuple[str, ...]) -> Iterator[House]:
    """An empty data dir of a normal user's."""
    house = normal_house(to_normal_user)
    yield house
    house.tear_down()


@pytest.fixture
def empty_root(tmp_path: Path) -> Iterator[House]:
    """An empty data dir of root's."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    house = House(data_dir, ())
    yield house
    house.tear_down()


@pytest.fixture
def normal(empty_normal: House, normal_model: House) -> House:
    """A data dir of a normal user's, with a database."""
    empty_normal.furnish(normal_model)
    return empty_normal


@pytest.fixture
def root(empty_root: House, root_model: House) -> House:
    """A data dir of root's, with a database."""
    empty_root.furnish(root_model)
    return empty_root


@pytest.fixture(params=["root", "normal"] if ROOT else ["normal"])
def house(request: pytest.FixtureRequest) -> House:
    """A data dir of either, with a database."""
    found: House = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["root", "normal"] if ROOT else ["normal"])
def empty(request: pytest.FixtureRequest) -> House:
    """An empty data dir of either."""
    found: House = request.getfixturevalue(f"empty_{request.param}")
    return found
