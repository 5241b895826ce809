import time

import pytest

from maildock.domain.search import LONGEST, MOST_TERMS, MOST_WORDS, terms, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Printer on FIRE", ["fire", "on", "printer"]),
        ("ada@customer.example", ["ada", "customer", "example"]),
        ("Übersicht_2024-final.CSV", ["2024", "csv", "final", "ubersicht"]),
        ("Straße ﬁle Ⅳ", ["file", "iv", "strasse"]),
        ("打印机", ["印机", "打印机", "机"]),
        ("#12", ["12"]),
        ("…!?", []),
    ],
)
def test_a_text_is_found_by_its_folded_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_query_is_few_terms_in_their_order() -> None:
    assert terms("fire  Printer fire") == ["fire", "printer"]
    assert len(terms(" ".join(map(str, range(100))))) == MOST_TERMS


def test_long_texts_and_words_are_bounded() -> None:
    begun = time.monotonic()
    assert len(words(" ".join(map(str, range(1_000_000))))) == MOST_WORDS
    assert all(len(word) <= LONGEST for word in words("x" * 10_000_000 + "打" * 100_000))
    assert time.monotonic() - begun < 5


def test_what_no_database_takes_is_no_word() -> None:
    assert terms("\x00 \ud800") == []
