import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildock.web.entry_names import EntryNames


def taken(*names: str) -> list[str]:
    entries = EntryNames()
    return [entries.take(name) for name in names]


def test_two_of_one_name_are_numbered_before_the_extension() -> None:
    assert taken("a.txt", "a.txt", "A.TXT", "a.txt") == ["a.txt", "a (2).txt", "A (3).TXT", "a (4).txt"]
    assert taken("a (2).txt", "a.txt", "a.txt") == ["a (2).txt", "a.txt", "a (3).txt"]
    assert taken("README", "README") == ["README", "README (2)"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\x.txt", "C__x.txt"),
        ("..", "document"),
        ("", "document"),
        ("con.txt", "_con.txt"),
        ("COM\u00b9.txt", "_COM\u00b9.txt"),
        ("NUL .txt", "_NUL .txt"),
        ("CONIN$", "_CONIN$"),
        ("console.txt", "console.txt"),
        ("a\x00b\n.txt", "a_b_.txt"),
        ("tail. ", "tail"),
        ("Übersicht №1.pdf", "Übersicht №1.pdf"),
    ],
)
def test_a_name_unpacks_safely_anywhere(name: str, safe: str) -> None:
    assert taken(name) == [safe]


def test_a_long_name_keeps_its_extension_and_its_number() -> None:
    first, second = taken("ü" * 200 + ".pdf", "ü" * 200 + ".pdf")
    assert first.endswith("ü.pdf")
    assert second.endswith("ü (2).pdf")
    assert max(len(first.encode()), len(second.encode())) <= 255


def test_thousands_of_one_name_are_quick() -> None:
    assert taken(*["a.txt"] * 20_000)[-1] == "a (20000).txt"


@given(st.lists(st.text("aA.ü\u0308/ ()2\x00", max_size=6), max_size=12))
def test_no_two_names_meet(names: list[str]) -> None:
    found = taken(*names)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in found}) == len(names)
    assert not any("/" in name or name in (".", "..", "") for name in found)
