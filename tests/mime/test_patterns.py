"""Every compiled pattern of the code that reads mail, against text made to be slow."""

import importlib
import inspect
import pkgutil
import re
import time
from collections import deque
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import maildock

SIZES = (500, 4_000, 16_000)
SLOWEST = 4e-6  # seconds per character; a quadratic pattern needs thirty times as long
UNITS = [
    " ",
    "\t",
    "\n",
    "\r\n",
    "\n ",
    "a",
    "a ",
    "a:",
    "0",
    "-",
    "--",
    "=",
    "=?",
    "?",
    '"',
    "'",
    '\\"',
    "\\",
    "<",
    ">",
]
UNITS += ["<a", "a@", "@", ",", ";", ";a=", "(", ")", "()", "%", "\xe9", "'a", ".", "_", "https://", "a=b ", "url("]
UNITS += [
    "<meta ",
    "=?a?b?",
    "\r\n--",
    "\n--a",
    "begin 644 ",
    "a/",
    "*",
    "1:00 ",
    "a-",
    "1.2.",
    "On ",
    "X: a\r\n b\r\n",
    "[#",
]
ALL_USES = frozenset({"match", "fullmatch", "search"})
ENDS = ["", "\x00", "!", "\n\nX", '"', "\\"]


def modules() -> Iterator[ModuleType]:
    for package in ("mime", "domain", "web", "providers", "access"):
        root = importlib.import_module(f"{maildock.__name__}.{package}")
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            yield importlib.import_module(found.name)


def patterns() -> list[Any]:
    """Collect the patterns that stand in modules, also in their dictionaries, and how their modules use them."""
    found = {}
    for module in modules():
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            several = value.items() if isinstance(value, dict) else [("", value)]
            for key, one in several:
                if isinstance(one, re.Pattern) and (uses := used(name, source)):
                    found[f"{module.__name__.removeprefix('maildock.')}.{name}{key}"] = (one, uses)
    return [pytest.param(*pattern, id=name) for name, pattern in found.items()]


def used(name: str, source: str) -> frozenset[str]:
    """Return `match`, `fullmatch` and `search`, as far as the module calls them; all three where that is unclear."""
    calls = set(re.findall(rf"\b{name}(?:\[[^]]+\])?\.(\w+)\(", source))
    return frozenset(call if "match" in call else "search" for call in calls) or ALL_USES


def seconds(pattern: re.Pattern[Any], uses: frozenset[str], text: str) -> float:
    """Measure all matches of `pattern` in `text`, or the attempt at its start, the better of two times."""
    subject = text.encode("latin-1") if isinstance(pattern.pattern, bytes) else text
    spent = []
    for _ in range(2):
        start = time.thread_time()
        for use in uses:
            if use == "search":
                deque(pattern.finditer(subject), 0)
            else:
                getattr(pattern, use)(subject)
        spent.append(time.thread_time() - start)
        if spent[0] < SLOWEST * len(text):
            break
    return min(spent)


def is_slow(pattern: re.Pattern[Any], uses: frozenset[str], unit: str, end: str) -> bool:
    """Try ever longer texts, and stop at the first that takes too long."""
    texts = (unit * (size // len(unit)) + end for size in SIZES)
    return any(seconds(pattern, uses, text) > SLOWEST * len(text) for text in texts)


@pytest.mark.parametrize(("pattern", "uses"), patterns())
def test_no_pattern_takes_more_than_linear_time(pattern: re.Pattern[Any], uses: frozenset[str]) -> None:
    assert [(unit, end) for unit in UNITS for end in ENDS if is_slow(pattern, uses, unit, end)] == []
