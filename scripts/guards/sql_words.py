"""SQL cut into words and groups, as far as the guards have to understand it."""

import re
from collections.abc import Iterator
from typing import TypeAlias

# A word is lower case; `$` stands for a parameter, `'` for a text, and a list for what stood in parentheses.
Word: TypeAlias = "str | list[Word]"

TOKEN = re.compile(
    r"(?P<blank>\s+|--[^\n]*|/\*.*?\*/)"
    r"|(?P<text>[eE]?'(?:[^']|'')*'|\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)"
    r"|(?P<parameter>\$\d+)"
    r"|(?P<word>\w+|\"[^\"]+\")"
    r"|(?P<sign>::|[<>!=]+|.)",
    re.DOTALL,
)
QUERIES = {"select", "with", "insert", "update", "delete"}
SET_OPERATIONS = {"union", "intersect", "except"}


def read(statement: str) -> list[Word]:
    """Cut a statement into words; casts are left out, since they change no meaning here."""
    stack: list[list[Word]] = [[]]
    for word in _flat(statement):
        if word == "(":
            stack.append([])
        elif word == ")" and len(stack) > 1:
            group = stack.pop()
            stack[-1].append(group)
        else:
            stack[-1].append(word)
    return stack[0]


def _flat(statement: str) -> Iterator[str]:
    cast = False
    for found in TOKEN.finditer(statement):
        if found.lastgroup == "blank":
            continue
        if found["sign"] == "::":
            cast = True
        elif not (cast and found["word"]):
            cast = False
            yield "'" if found["text"] else "$" if found["parameter"] else found[0].lower().strip('"')
        else:
            cast = False


def is_query(word: Word) -> bool:
    """Say whether a group is a statement of its own."""
    return isinstance(word, list) and bool(word) and isinstance(word[0], str) and word[0] in QUERIES


def scopes(words: list[Word]) -> list[list[Word]]:
    """Cut at UNION and its like: each side has its own tables."""
    parts: list[list[Word]] = [[]]
    for word in words:
        if isinstance(word, str) and word in SET_OPERATIONS:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def queries(words: list[Word]) -> Iterator[list[Word]]:
    """Give the outermost queries in the groups of a scope, however deep they stand."""
    for word in words:
        if isinstance(word, list):
            if is_query(word):
                yield word
            else:
                yield from queries(word)
