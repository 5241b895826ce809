import time

import pytest

from maildock.mime.plain import plain_text


def test_words_and_line_breaks_remain() -> None:
    html = "<p>Dear&nbsp;all,</p>\n<div>the <b>printer</b><br>is &lt;out&gt;</div><ul><li>paper<li>ink</ul>"
    assert plain_text(html) == "Dear\xa0all,\n\nthe printer\nis <out>\n\npaper\nink"


def test_what_a_browser_hides_is_left_out() -> None:
    html = (
        "<title>T</title><style>p{}</style><!-- <b>no</b> --><SCRIPT>alert('</p>')</SCRIPT>yes<?xml x?><!doctype html>"
    )
    assert plain_text(html) == "yes"


def test_cells_stay_apart() -> None:
    assert plain_text("<table><tr><td>1<td>2</tr><tr><td>3</td></tr></table>") == "1 2\n\n3"


@pytest.mark.parametrize("piece", ["<", "<div>", "<b>", "&lt;", "<div", "<br>", " ", "\n<p>", "a<!--", "<style>", "</"])
def test_hostile_html_takes_linear_time(piece: str) -> None:
    start = time.thread_time()
    plain_text(piece * (1_000_000 // len(piece)))
    assert time.thread_time() - start < 5
