"""Imports run downwards only, and never in a circle."""

import graphlib
import subprocess
import sys
from pathlib import Path

import grimp


def problems(root: Path) -> list[str]:
    """Keep import-linter's contracts, and find a circle among all modules of `src/maildock`."""
    linter = (Path(sys.executable).with_name("lint-imports"), "--no-cache")
    ended = subprocess.run(linter, cwd=root, capture_output=True, text=True, check=False)
    broken = [] if ended.returncode == 0 else [ended.stdout + ended.stderr]
    return broken + circles("maildock")


def circles(package: str) -> list[str]:
    """Name the first circle of imports in an importable package; imports for types alone don't count."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as problem:
        return ["modules import each other in a circle: " + " -> ".join(reversed(problem.args[1]))]
    return []
