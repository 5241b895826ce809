import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildock.web.problems import Problem
from maildock.web.ranges import wanted

ETAG = '"abc"'


def ranges(text: str, size: int = 100, **headers: str) -> list[tuple[int, int]]:
    return wanted({"range": text, **{name.replace("_", "-"): value for name, value in headers.items()}}, size, ETAG)


@pytest.mark.parametrize(
    ("asked", "given_ranges"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=90-999", [(90, 100)]),
        ("BYTES = 0-0 , 5-6", [(0, 1), (5, 7)]),
        ("bytes=0-9,500-", [(0, 10)]),
    ],
)
def test_what_is_asked_rightly_is_given(asked: str, given_ranges: list[tuple[int, int]]) -> None:
    assert ranges(asked) == given_ranges


@pytest.mark.parametrize(
    "asked", ["items=0-9", "bytes", "bytes=", "bytes=9-0", "bytes=a-b", "bytes=-", "bytes=--5", "bytes=0-9,x", "0-9"]
)
def test_what_is_no_range_gets_the_whole(asked: str) -> None:
    assert ranges(asked) == []


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=-0", "bytes=100-200,300-"])
def test_what_lies_beyond_the_end_is_refused(asked: str) -> None:
    with pytest.raises(Problem) as caught:
        ranges(asked)
    assert (caught.value.status, caught.value.headers) == (416, {"Content-Range": "bytes */100"})


def test_a_changed_file_is_sent_whole() -> None:
    assert ranges("bytes=0-9", if_range=ETAG) == [(0, 10)]
    assert ranges("bytes=0-9", if_range='"old"') == []
    assert ranges("bytes=500-", if_range='"old"') == []


def test_an_empty_file_and_a_swarm_of_ranges_are_sent_whole() -> None:
    assert ranges("bytes=0-", size=0) == []
    assert ranges("bytes=" + ",".join("0-1" for _ in range(100))) == []


@given(st.text("bytes=0123456789-, \u0663", max_size=40).map("bytes=".__add__), st.integers(1, 200))
def test_ranges_lie_within_the_file(asked: str, size: int) -> None:
    try:
        found = ranges(asked, size)
    except Problem:
        return
    assert all(0 <= start < end <= size for start, end in found)
