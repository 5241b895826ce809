import io
import tracemalloc
from pathlib import Path

import pytest

from maildock.cli.sources import is_mbox, messages

DATED = b"From ann@example.org Thu Jan  1 10:00:00 2026\n"


def split(mbox: bytes) -> list[bytes]:
    return [b"".join(message) for message in messages(io.BytesIO(mbox))]


def test_a_file_is_an_mbox_by_its_first_bytes() -> None:
    assert is_mbox(DATED)
    assert not is_mbox(b"From: ann@example.org\n")
    assert not is_mbox(b">From ann\n")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_blank_lines_before_the_first_separator_belong_to_no_mail(end: bytes) -> None:
    assert is_mbox(end * 2 + DATED)
    assert split(end * 2 + DATED + b"A: 1\n\n" + DATED + b"B: 2\n") == [b"A: 1\n", b"B: 2\n"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_blank_line_before_a_separator_is_the_mboxs(end: bytes) -> None:
    separator = DATED.replace(b"\n", end)
    first, second = b"A: 1" + end * 2 + b"one" + end, b"B: 2" + end * 2 + b"two" + end
    assert split(separator + first + end + separator + second + end) == [first, second]


def test_the_last_mail_is_the_same_when_another_comes_after_it() -> None:
    one = DATED + b"A: 1\n\nbody\n\n"
    assert split(one)[0] == split(one + one)[0] == split(one.removesuffix(b"\n"))[0]


def test_blank_lines_of_a_mail_stay_its_own() -> None:
    assert split(DATED + b"A: 1\n\nbody\n\n\n\n" + DATED + b"B: 2\n") == [b"A: 1\n\nbody\n\n\n", b"B: 2\n"]


def test_a_sentence_that_starts_with_from_does_not_cut_a_mail() -> None:
    assert len(split(DATED + b"A: 1\n\nHello,\n\nFrom here on it rains.\n")) == 1
    assert len(split(DATED + b"A: 1\n\nHello,\nFrom x Thu Jan  1 10:00:00 2026\n")) == 1


def test_separators_without_a_date_count_where_the_first_has_none() -> None:
    assert split(b"From ann\nA: 1\n\nFrom bob\nB: 2\n") == [b"A: 1\n", b"B: 2\n"]


def test_quoted_separators_lose_one_mark() -> None:
    assert split(DATED + b"A: 1\n\n>From a\n>>From b\n> From c\n x>From d\n") == [
        b"A: 1\n\nFrom a\n>From b\n> From c\n x>From d\n"
    ]


def test_mails_may_be_empty_and_cut_off() -> None:
    assert split(DATED + b"\n" + DATED + b"A: 1") == [b"", b"A: 1"]
    assert split(DATED.strip()) == [b""]


def test_memory_does_not_grow_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "long.mbox"
    with path.open("wb") as file:
        file.write(DATED + b"A: 1\n\n")
        file.seek(256 << 20, io.SEEK_CUR)
        file.write(b"\n\n" + DATED + b"B: 2\n")
    tracemalloc.start()
    with path.open("rb") as mbox:
        sizes = [sum(map(len, message)) for message in messages(mbox)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sizes == [(256 << 20) + 7, 5]
    assert peak < 8 << 20
