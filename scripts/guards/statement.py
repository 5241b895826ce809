"""Find the tables in a statement that it doesn't tie to one tenant.

A table is bound to the tenant when its column `tenant` equals a parameter, or the tenant of another bound table, in the
conditions of its own scope: a SELECT, UPDATE or DELETE; a subquery also sees what is bound around it. An INSERT is
bound when `tenant` is its first column and a parameter the first value. What is not understood counts as not bound.
"""

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise

from scripts.guards.sql_words import Word, is_query, queries, read, scopes

# Tables are named after these, and after commas until one of the words below.
BEFORE_TABLES = {"from", "join", "update", "into", "using"}
AFTER_TABLES = {"where", "group", "having", "order", "limit", "offset", "for", "returning", "set", "values", "select"}
NO_ALIAS = AFTER_TABLES | {"as", "on", "using", "join", "left", "right", "full", "inner", "cross", "natural", "default"}
CONDITIONS = {"on", "where"}
NO_CONDITIONS = {"select", "set", "returning", "group", "order", "having", "limit", "from", "conflict", "values"}
ONE = "*"
VOLATILE = {"now", "clock_timestamp", "random", "gen_random_uuid"}


@dataclass(slots=True)
class Scope:
    """What one SELECT, UPDATE or DELETE touches: alias to table; `bound` has the aliases tied to the tenant."""

    tables: dict[str, str]
    bound: set[str] = field(default_factory=set)


def problems(statement: str, tenant_tables: Collection[str]) -> list[str]:
    """Name the tables that are not bound, and what Citus refuses in a write."""
    words = read(statement)
    return [*_unbound(words, tenant_tables, set()), *_refused(words)]


def touched(statement: str, tenant_tables: Collection[str]) -> set[str]:
    """Give the tenant tables that a statement names anywhere."""
    return set(_words(read(statement))) & set(tenant_tables)


def _words(words: list[Word]) -> Iterator[str]:
    for word in words:
        if isinstance(word, list):
            yield from _words(word)
        else:
            yield word


def _unbound(words: list[Word], known: Collection[str], around: AbstractSet[str]) -> Iterator[str]:
    for part in scopes(words):
        yield from _insert(part, known)
        scope = _read_scope(part, known, around)
        for alias, table in scope.tables.items():
            if alias not in scope.bound:
                yield f"{table} is not bound to the tenant"
        seen = (around - scope.tables.keys()) | (scope.bound & scope.tables.keys())
        for query in queries(part):
            yield from _unbound(query, known, seen)


def _insert(words: list[Word], known: Collection[str]) -> Iterator[str]:
    """Check the columns and the first value of an INSERT."""
    if "into" not in words:
        return
    rest = words[words.index("into") + 1 :]
    columns = next((at for at, word in enumerate(rest) if isinstance(word, list)), len(rest) - 1)
    if rest[0] not in known:
        return
    values = rest[columns + 1 :]
    first = values[1][:1] if values[:1] == ["values"] and isinstance(values[1], list) else values[1:2]
    if not isinstance(rest[columns], list) or rest[columns][:1] != ["tenant"] or first != ["$"]:
        yield f"{rest[0]} is inserted into without the tenant as the first value"


def _read_scope(words: list[Word], known: Collection[str], around: AbstractSet[str]) -> Scope:
    scope = Scope(dict(_tables(words, known)))
    if scope.tables:
        joined = sum(before == "using" and "tenant" in word for before, word in pairwise(words))
        # `USING (tenant, …)` makes one column of two; with as many of them as joins, there is only one left.
        alone = joined == len(scope.tables) - 1
        equal = list(_equalities(list(_conditions(words)), ONE if alone else ""))
        equal += [(ONE, alias) for alias in scope.tables] if alone else []
        scope.bound = _reached(equal, {"$", *(around - scope.tables.keys())})
    return scope


def _tables(words: list[Word], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give alias and name of the tenant tables that are read or written, but for the target of an INSERT."""
    listing = False
    before = ""
    for at, found in enumerate(words):
        word = found if isinstance(found, str) else ""
        if word in AFTER_TABLES:
            listing = False
        elif word in BEFORE_TABLES and before not in {"distinct", "do", "for", "key"}:
            listing = word != "into"
            yield from _table(words[at + 1 :], known) if listing else ()
        elif word == "," and listing:
            yield from _table(words[at + 1 :], known)
        before = word


def _table(words: list[Word], known: Collection[str]) -> Iterator[tuple[str, str]]:
    words = [word for word in words[:6] if word not in ("only", "lateral")]
    if words[1:2] == ["."]:
        words = words[2:]
    first, after = (words or [""])[0], words[1:]
    if isinstance(first, list):
        yield from _tables(["from", *first], known) if not is_query(first) else ()
    elif first in known:
        second = next((word for word in after if word != "as"), "")
        aliased = isinstance(second, str) and second.isidentifier() and second not in NO_ALIAS
        yield (str(second) if aliased else first), first


def _conditions(words: list[Word]) -> Iterator[str]:
    """Give the words of the conditions that all must hold: what stands beside an OR binds nothing."""
    inside = False
    pending: list[str] = []
    for word in words:
        if isinstance(word, list):
            pending += [";", *_conditions(["where", *word]), ";"] if inside and not _is_alternative(word) else [";"]
        elif word in CONDITIONS | NO_CONDITIONS:
            yield from _all_hold(pending)
            inside, pending = word in CONDITIONS, [";"]
        elif inside:
            pending.append(word)
    yield from _all_hold(pending)


def _is_alternative(group: list[Word]) -> bool:
    return "or" in group or "select" in group


def _all_hold(words: list[str]) -> list[str]:
    depth = 0
    for word in words:
        depth += (word == "case") - (word == "end")
        if word == "or" and depth == 0:
            return []
    return words


def _equalities(words: list[str], bare: str) -> Iterator[tuple[str, str]]:
    """Give the pairs of aliases whose tenants are equal; `$` is a parameter, and `bare` what a bare `tenant` is of."""
    for at, word in enumerate(words):
        if word == "=":
            left, right = _side(words[max(at - 3, 0) : at], bare), _side_after(words[at + 1 : at + 4], bare)
            if left and right:
                yield left, right


def _side(words: list[str], bare: str) -> str:
    if words[-1:] == ["$"]:
        return "$"
    if words[-1:] != ["tenant"]:
        return ""
    return words[-3] if len(words) > 2 and words[-2] == "." else bare  # noqa: PLR2004 - alias, dot, column


def _side_after(words: list[str], bare: str) -> str:
    if words[:1] == ["$"]:
        return "$"
    if words[1:] == [".", "tenant"]:
        return words[0]
    return bare if words[:1] == ["tenant"] else ""


def _reached(equal: list[tuple[str, str]], reached: set[str]) -> set[str]:
    grown = reached | {right for left, right in equal if left in reached}
    grown |= {left for left, right in equal if right in grown}
    return grown if grown == reached else _reached(equal, grown)


def _refused(words: list[Word]) -> Iterator[str]:
    """Name what works on PostgreSQL and fails on Citus."""
    flat = list(_words(words))
    if "do" in flat and "update" in flat[flat.index("do") :]:
        for function in sorted(VOLATILE & set(flat[flat.index("do") :])):
            yield f"{function}() in DO UPDATE, which Citus refuses"
    if any(flat[at : at + 3] == ["set", "tenant", "="] for at in range(len(flat))):
        yield "the tenant of a row is changed"
    if flat[:1] == ["copy"]:
        yield "COPY, which row level security refuses"
