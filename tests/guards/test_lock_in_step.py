from pathlib import Path

from scripts import lock
from scripts.guards import lock_in_step

HASH = " \\\n    --hash=sha256:00\n    # via x\n"


def locks(folder: Path, old: str, new: str) -> tuple[Path, Path]:
    (folder / "again").mkdir()
    (folder / "run.txt").write_text(old)
    (folder / "again" / "run.txt").write_text(new)
    return folder / "run.txt", folder / "again" / "run.txt"


def test_equal_versions_are_in_step_whatever_their_hashes(tmp_path: Path) -> None:
    old = "a[x]==1" + HASH + "b==2 ; sys_platform == 'win32'" + HASH
    assert lock_in_step.compare(*locks(tmp_path, old, old.replace("00", "11"))) == []


def test_every_difference_is_named(tmp_path: Path) -> None:
    assert lock_in_step.compare(*locks(tmp_path, "a==1" + HASH + "b==2" + HASH, "a==2" + HASH + "b==2" + HASH)) == [
        "run.txt is out of step, run `make lock`: - a==1",
        "run.txt is out of step, run `make lock`: + a==2",
    ]


def test_a_version_without_hash_is_named(tmp_path: Path) -> None:
    assert lock_in_step.compare(*locks(tmp_path, "a==1\n", "a==1\n")) == ["run.txt has no hash for a==1"]


def test_the_locks_agree_with_each_other(root: Path) -> None:
    pins = [set(lock_in_step.PIN.findall((root / "requirements" / name).read_text())) for name in lock.LOCKS]
    run, dev, tools = ({pin.strip() for pin in found} for found in pins)
    assert run <= dev
    versions = dict(pin.split("==", 1) for pin in dev)
    assert all(versions.get(name, version) == version for name, version in (pin.split("==", 1) for pin in tools))
