"""Bring the lock files in step with pyproject.toml: `python -m scripts.lock [--upgrade] [FOLDER]`.

They name no index, so that they hold wherever packages are fetched from.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMON = ("pip", "compile", "-q", "--universal", "--generate-hashes", "--python-version", "3.11")

# Each later lock takes over the versions of the one before, so that all fit into one environment.
LOCKS = {
    "run.txt": ("pyproject.toml",),
    "dev.txt": ("pyproject.toml", "--group", "dev", "-c", "requirements/run.txt"),
    "tools.txt": ("requirements/tools.in", "-c", "requirements/dev.txt"),
}


def compile_locks(folder: Path, *, upgrade: bool = False, offline: bool = False) -> None:
    """Write every lock into `folder`; versions that it already has there are kept unless `upgrade`.

    Raises `subprocess.CalledProcessError` where no set of versions fits, or a package can't be looked up.
    """
    options = (*(("--upgrade",) if upgrade else ()), *(("--offline",) if offline else ()))
    header = ("--custom-compile-command", "make lock", "--no-emit-index-url", "--no-emit-find-links")
    for name, sources in LOCKS.items():
        command = (sys.executable, "scripts/uv.py", *COMMON, *header, *options, *sources, "-o", str(folder / name))
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Write the locks in place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    wanted = parser.parse_args()
    compile_locks(ROOT / "requirements", upgrade=wanted.upgrade)


if __name__ == "__main__":
    main()
