import zipfile
from pathlib import Path

from scripts.guards import wheel

from tests.guards.conftest import Repository


def build(folder: Path, *names: str) -> Path:
    path = folder / "maildock-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


def test_a_wheel_with_every_tracked_file_is_whole(repository: Repository) -> None:
    root = repository({"src/maildock/a.py": "", "src/maildock/b.sql": "", "tests/test_a.py": ""})
    assert wheel.missing(root, build(root, "maildock/a.py", "maildock/b.sql", "maildock-1.dist-info/RECORD")) == []


def test_a_file_that_the_wheel_lacks_is_named(repository: Repository) -> None:
    root = repository({"src/maildock/a.py": "", "src/maildock/b.sql": ""})
    assert wheel.missing(root, build(root, "maildock/a.py")) == ["the wheel lacks maildock/b.sql"]


def test_a_project_that_cannot_be_built_is_a_problem(repository: Repository) -> None:
    (found,) = wheel.problems(repository({"README.md": "nothing to build"}))
    assert "failed" in found
