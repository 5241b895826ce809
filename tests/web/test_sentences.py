"""How errors of ours begin on pages."""

import pytest

from maildock.web.pages.rendering import sentence


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("the disk is full", "The disk is full"),
        ("works", "Works"),
        ("Graph answers 500", "Graph answers 500"),
        ("'not an id' is no client id", "'not an id' is no client id"),
        ("https://files.example/a is elsewhere", "https://files.example/a is elsewhere"),
        ("ann@shop.example is unknown", "ann@shop.example is unknown"),
        ("", ""),
    ],
)
def test_an_error_begins_as_a_sentence_unless_with_what_somebody_typed(said: str, shown: str) -> None:
    assert sentence(said) == shown
