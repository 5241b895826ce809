"""The locks hold what pyproject.toml asks for; a newer release somewhere is no reason to fail."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts import lock

PIN = re.compile(r"(?m)^([\w.-]+(?:\[[\w,-]+\])?==\S+(?: ; [^\\\n]*)?)")


def problems(root: Path) -> list[str]:
    """Compile the locks again, starting from their own versions, and compare names, versions and conditions."""
    committed = root / "requirements"
    with tempfile.TemporaryDirectory() as name:
        again = Path(name)
        for lock_file in lock.LOCKS:
            shutil.copyfile(committed / lock_file, again / lock_file)
        try:
            lock.compile_locks(again)
        except subprocess.CalledProcessError:
            return ["the locks can't be compiled; uv's words stand above"]
        return [problem for lock_file in lock.LOCKS for problem in compare(committed / lock_file, again / lock_file)]


def compare(committed: Path, compiled: Path) -> list[str]:
    """Name what one of the two locks has and the other hasn't, and what has no hash."""
    old, new = committed.read_text(), compiled.read_text()
    before, after = ({pin.strip() for pin in PIN.findall(text)} for text in (old, new))
    changes = [f"- {pin}" for pin in sorted(before - after)] + [f"+ {pin}" for pin in sorted(after - before)]
    bare = [pin for pin in sorted(before) if not re.search(rf"(?m)^{re.escape(pin)} *\\\n +--hash=sha256:", old)]
    return [f"{committed.name} is out of step, run `make lock`: {change}" for change in changes] + [
        f"{committed.name} has no hash for {pin}" for pin in bare
    ]
