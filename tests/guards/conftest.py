import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Repository = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def root() -> Path:
    """This repository."""
    return ROOT


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A function that makes a repository which tracks the given files."""

    def make(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        subprocess.run(("git", "init", "-q"), cwd=tmp_path, check=True)
        subprocess.run(("git", "add", "-f", "."), cwd=tmp_path, check=True)
        return tmp_path

    return make
