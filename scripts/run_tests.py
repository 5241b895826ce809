"""Run every test: on the embedded PostgreSQL, and what touches the database once more on the system's.

Leaves in `.reports/` what the guards read: the outcome of each test, and every statement that reached a database.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.external_postgres import NoPostgres, binaries, throw_away

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / ".reports"
# One more than the two cores that are there at least: many tests wait, for leases, processes and the disk.
PROCESSES = "3"


def main() -> None:
    """Run both passes and print the coverage of both together; exit 1 if a test failed."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir()
    for old in ROOT.glob(".coverage*"):
        old.unlink()
    browser = _browser()
    other = _other_postgres()
    chosen = " and ".join(("not soak", *(() if browser else ("not browser",)), *(() if other else ("not external",))))
    failed = _pytest("embedded", chosen)
    failed |= other and _on_external(chosen, "-p", "scripts.only_sql")
    failed |= _coverage("combine", "-q") | _coverage("report")
    if not browser:
        print("left out: the tests in a browser; Chromium is not installed (Debian: chromium)")
    if not other:
        print("left out: the tests on a second PostgreSQL; none is installed (Debian: postgresql)")
    raise SystemExit(failed)


def _available(package: str, *commands: str) -> bool:
    return subprocess.run(("scripts/need.sh", package, *commands), cwd=ROOT, check=False).returncode == 0


def _browser() -> bool:
    return _available("chromium", "chromium", "chromium-browser", "google-chrome")


def _other_postgres() -> bool:
    with contextlib.suppress(NoPostgres):
        return bool(binaries())
    return _available("postgresql", "no-such-command") and bool(binaries())


def all_on_external() -> None:
    """Run every test on the system's PostgreSQL, those too that repeat the same statements; exit 1 if one failed."""
    REPORTS.mkdir(exist_ok=True)
    if not (_other_postgres() and _browser()):
        raise SystemExit("not run: install PostgreSQL and Chromium first (Debian: postgresql, chromium)")
    raise SystemExit(_on_external("not soak"))


def _on_external(chosen: str, *options: str) -> bool:
    with throw_away(REPORTS / "sql") as url:
        return _pytest("external", chosen, *options, database=url)


def _pytest(name: str, chosen: str, *options: str, database: str | None = None) -> bool:
    """Run pytest under coverage; `True` if it failed."""
    environment = {**os.environ, "PYTHONPATH": ".", "TEST_SQL_LOG": str(REPORTS / "sql")}
    environment.pop("TEST_DATABASE_URL", None)
    if database:
        environment["TEST_DATABASE_URL"] = database
    report = f"--junitxml={REPORTS / name}.xml"
    command = (*_python("coverage", "run", "-m", "pytest"), "-n", PROCESSES, "-m", chosen, report, *options)
    print(f"the tests, on the {name} PostgreSQL", flush=True)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0


def _coverage(*arguments: str) -> bool:
    return subprocess.run(_python("coverage", *arguments), cwd=ROOT, check=False).returncode != 0


def _python(*module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *module)


if __name__ == "__main__":
    all_on_external() if sys.argv[1:] == ["external"] else main()
