"""How errors of ours begin on pages."""

import pytest

from maildock.web.pages.rendering import sentence, timed


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


def test_times_for_machines_become_times_for_people() -> None:
    shown = 'until <time datetime="2026-11-29T10:00:00Z">29 Nov 2026, 10:00\N{NO-BREAK SPACE}UTC</time> &lt;b&gt;'
    assert timed("until 2026-11-29T10:00:00Z <b>") == shown
    assert timed("until 2026-11-29 10:00Z <b>") == shown
    assert timed("2026-19-39T29:59Z") == "2026-19-39T29:59Z"
