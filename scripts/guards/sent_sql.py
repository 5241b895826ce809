"""Every statement that reached a database during the tests named its tenant, inside a transaction.

Read from what PostgreSQL wrote down itself (`log_statement=all`, as JSON), told apart by the application's name.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from scripts.guards import statement

LOGS = Path(".reports/sql")
VERSIONS = Path("src/maildock/migrations/versions")
APPLICATION = "maildock"
SWEEP = "maildock-sweep"

SENT = re.compile(r"(?s)^(?:statement|execute [^:]*): (.*)$")
CREATED = re.compile(r"(?i)\bCREATE TABLE (?:IF NOT EXISTS )?(\w+)")
BEGINS = {"begin", "start"}
ENDS = {"commit", "rollback", "end", "abort"}
SWEEP_MAY = {"", "select", "begin", "start", "commit", "rollback", "listen", "unlisten", "show", "set", "discard"}
WRITES = re.compile(
    r"(?i)\b(?:insert\s+into|update\s+\w+\s+set|delete\s+from|for\s+(?:no\s+key\s+)?(?:update|share))\b"
)


def problems(root: Path) -> list[str]:
    """Read all logs; no statement at all is a problem too."""
    tables = tenant_tables(root)
    logs = sorted((root / LOGS).rglob("*.json"))
    counts = dict.fromkeys((APPLICATION, SWEEP), 0)
    found: dict[str, None] = {}
    for log in logs:
        for record, sent, inside in statements(_records(log)):
            name = record["application_name"]
            counts[name] += 1
            breaches = _of_app(sent, tables, inside=inside) if name == APPLICATION else _of_sweep(sent)
            found.update((f"{name}: {breach}: {' '.join(sent.split())[:300]}", None) for breach in breaches)
    silent = [
        f"no statement of {name} was logged; run `make test` first" for name, count in counts.items() if not count
    ]
    return [*silent, *found]


@cache
def tenant_tables(root: Path) -> frozenset[str]:
    """Give every table that the migrations make."""
    scripts = (path for path in (root / VERSIONS).iterdir() if path.suffix in {".py", ".sql"})
    return frozenset(name for path in scripts for name in CREATED.findall(path.read_text(encoding="utf-8")))


def _records(log: Path) -> Iterator[Mapping[str, Any]]:
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if '"maildock' in line:
                yield json.loads(line)


def statements(records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str, bool]]:
    """Give each statement of the product with its record, and whether its session was inside a transaction."""
    inside: set[str] = set()
    for record in records:
        sent = SENT.match(record.get("message", ""))
        if sent is None or record.get("application_name") not in {APPLICATION, SWEEP}:
            continue
        session, words = record["session_id"], sent[1].lower().replace(";", " ").split()
        yield record, sent[1], session in inside
        if words and words[0] in BEGINS:
            inside.add(session)
        elif words and words[0] in ENDS and "to" not in words:
            inside.discard(session)


@cache
def _of_statement(sent: str, tables: frozenset[str]) -> tuple[bool, tuple[str, ...]]:
    return bool(statement.touched(sent, tables)), tuple(statement.problems(sent, tables))


def _of_app(sent: str, tables: frozenset[str], *, inside: bool) -> list[str]:
    touches, breaches = _of_statement(sent, tables)
    return [*breaches, *(["outside a transaction"] if touches and not inside else [])]


def _of_sweep(sent: str) -> list[str]:
    first = (sent.lower().split() or [""])[0].rstrip(";")
    return [] if first in SWEEP_MAY and not WRITES.search(sent) else ["the sweep may only read"]
