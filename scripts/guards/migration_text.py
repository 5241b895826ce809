"""Every migration says whether it expands or contracts, so that old and new programs can run beside each other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

VERSIONS = Path("src/maildock/migrations/versions")
KIND = re.compile(r"(?m)^Kind: (expand|contract)\.$")

NEVER = {
    "adds a trigger, which Citus refuses": r"\bCREATE (?:CONSTRAINT )?TRIGGER\b",
    "sets a key to null, and the tenant with it": r"\bON DELETE SET (?:NULL|DEFAULT)\b",
    "adds a column with a check, which Citus refuses": r"\bADD COLUMN\b[^;,]*\bCHECK\b",
    "makes a key out of a sequence": r"\b(?:BIG|SMALL)?SERIAL\b|\bAS IDENTITY\b|\bCREATE SEQUENCE\b",
    "sets the tenant outside a function, which doesn't reach Citus's workers": r"\bset_config\(",
    "builds an index concurrently, which can't be undone with the transaction": r"\bCONCURRENTLY\b",
}
ONLY_CONTRACTING = {
    "drops something": r"\bDROP (?:TABLE|COLUMN|FUNCTION|VIEW|POLICY|TYPE)\b",
    "renames something": r"\bRENAME\b",
    "changes a column's type": r"\bALTER (?:COLUMN )?\w+ (?:SET DATA )?TYPE\b",
    "refuses what the old program writes": r"\bSET NOT NULL\b",
}


def problems(root: Path) -> list[str]:
    """Read every migration in `src/maildock/migrations/versions`."""
    scripts = sorted(path for path in (root / VERSIONS).glob("*.py") if path.name != "__init__.py")
    found = [f"{path.name}: {problem}" for path in scripts for problem in _of_migration(path)]
    return found if scripts else [f"there is no migration in {VERSIONS}"]


def _of_migration(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kind = KIND.search(ast.get_docstring(tree) or "")
    if kind is None:
        return ["its docstring has no line `Kind: expand.` or `Kind: contract.`"]
    beside = path.with_suffix(".sql")
    upwards = [*_strings(tree), *([beside.read_text(encoding="utf-8")] if beside.exists() else [])]
    refused = NEVER if kind[1] == "contract" else {**NEVER, **ONLY_CONTRACTING}
    return [
        f"{what} in a migration of kind {kind[1]}"
        for what, pattern in refused.items()
        if any(re.search(pattern, re.sub(r"--[^\n]*", "", text), re.IGNORECASE) for text in upwards)
    ]


def _strings(tree: ast.Module) -> Iterator[str]:
    """Give every string but docstrings and what only `downgrade` says."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "downgrade":
            continue
        bare = {id(node.value) for node in ast.walk(statement) if isinstance(node, ast.Expr)}
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
                yield node.value
