"""Run the guards, all or the named ones: `python -m scripts.guards [NAME…]`."""

import importlib
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TOOLS = {
    "types": ("mypy",),
    "lint": ("ruff", "check"),
    "form": ("ruff", "format", "--check"),
}
MODULES = (
    "hidden_characters",
    "tracked_secrets",
    "traces",
    "layers",
    "migration_text",
    "schema",
    "documents",
    "lock_in_step",
    "wheel",
    "skipped_tests",
    "sent_sql",
)


def _tool(name: str) -> list[str]:
    program, *options = TOOLS[name]
    command = (str(Path(sys.executable).with_name(program)), *options)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [] if ended.returncode == 0 else (ended.stdout + ended.stderr).splitlines()


def _module(name: str) -> list[str]:
    problems: Callable[[Path], list[str]] = importlib.import_module(f"scripts.guards.{name}").problems
    return problems(ROOT)


def _passes(name: str) -> bool:
    began = time.monotonic()
    try:
        found = _tool(name) if name in TOOLS else _module(name)
    except Exception:  # noqa: BLE001 - a guard that breaks must not keep the others from speaking
        found = traceback.format_exc().splitlines()
    print(f"{'FAIL' if found else 'ok  '} {name} ({time.monotonic() - began:.1f} s)", flush=True)
    for problem in found:
        print(f"     {problem}", flush=True)
    return not found


def main() -> None:
    """Run each guard, whatever the others say; exit 1 if one has found something."""
    every = (*TOOLS, *MODULES)
    wanted = sys.argv[1:] or every
    unknown = [name for name in wanted if name not in every]
    if unknown:
        raise SystemExit(f"there is no guard {unknown[0]}; there are: {', '.join(every)}")
    results = [_passes(name) for name in wanted]
    print(f"{results.count(True)} guards hold, {results.count(False)} do not")
    raise SystemExit(not all(results))


if __name__ == "__main__":
    main()
