"""The wheel holds the whole package, and works in an empty environment with nothing but the locked versions."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from scripts.guards import tracked


def problems(root: Path) -> list[str]:
    """Build the wheel, install it, ask the program for its version, and check what its packages require."""
    with tempfile.TemporaryDirectory(prefix="maildock-wheel-") as name:
        folder = Path(name)
        try:
            wheel = build(root, folder)
            return missing(root, wheel) + _installed(root, wheel, folder)
        except subprocess.CalledProcessError as problem:
            return [f"{' '.join(map(str, problem.cmd))} failed: {problem.stdout}{problem.stderr}"]


def build(root: Path, folder: Path) -> Path:
    """Build the wheel of the project at `root` into `folder`."""
    _uv(root, "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", folder, root)
    return next(folder.glob("*.whl"))


def missing(root: Path, wheel: Path) -> list[str]:
    """Name the tracked files of the package that the wheel doesn't hold."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    source = Path("src")
    wanted = (path.relative_to(source) for path in tracked.paths(root) if path.is_relative_to(source))
    return [f"the wheel lacks {path}" for path in wanted if path.as_posix() not in held]


def _installed(root: Path, wheel: Path, folder: Path) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    _uv(root, "venv", "-q", "--python", sys.executable, folder / "venv")
    _uv(root, "pip", "install", "-q", "--python", python, "--require-hashes", "-r", root / "requirements" / "run.txt")
    _uv(root, "pip", "install", "-q", "--python", python, "--no-deps", wheel)
    _uv(root, "pip", "check", "--python", python)
    said = _run(folder, python.with_name("maildock"), "--version").strip()
    version = wheel.name.split("-")[1]
    return [] if version in said else [f"`maildock --version` of the wheel {version} says {said!r}"]


def _uv(root: Path, *words: object) -> str:
    return _run(root, sys.executable, root / "scripts" / "uv.py", *words)


def _run(folder: Path, *words: object) -> str:
    command = [str(word) for word in words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
