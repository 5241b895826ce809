"""Containers as other writers make them, whole and damaged."""

import io
import struct

import pytest

from maildock.mime.tnef import read_tnef
from tests.tnef import ANNOUNCED, CODEPAGE, DATA, PROPERTIES, TITLE, attribute, container, winmail

NEXT = attribute(ANNOUNCED, bytes(14))


def names(raw: bytes) -> list[tuple[str, bytes]] | None:
    contents = read_tnef(io.BytesIO(raw))
    files = contents.files if contents else ()
    return [(one.name, raw[one.offset : one.offset + one.size]) for one in files] if contents else None


def is_complete(raw: bytes) -> bool:
    contents = read_tnef(io.BytesIO(raw))
    return contents is not None and contents.complete


@pytest.mark.parametrize(("codepage", "codec"), [(1251, "cp1251"), (65001, "utf-8"), (0, "utf-8")])
def test_a_name_is_read_by_the_codepage_of_the_container(codepage: int, codec: str) -> None:
    name = "\u0441\u0447\u0451\u0442.txt"
    page = attribute(CODEPAGE, struct.pack("<II", codepage, 0), level=1)
    titled = attribute(TITLE, name.encode(codec) + b"\x00rest")
    assert names(container(page, NEXT, titled, attribute(DATA, b"x"))) == [(name, b"x")]


def test_files_that_nothing_announces_are_told_apart() -> None:
    one, two = (attribute(TITLE, title) + attribute(DATA, title) for title in (b"a.txt", b"b.txt"))
    assert names(container(one, two)) == [("a.txt", b"a.txt"), ("b.txt", b"b.txt")]


def test_an_empty_property_hides_none_behind_it() -> None:
    long_name = "long name.txt\x00".encode("utf-16-le")
    empty = struct.pack("<HHI", 1, 0x6001, 0)
    properties = struct.pack("<I", 2) + empty + struct.pack("<HHII", 0x1F, 0x3707, 1, len(long_name)) + long_name
    raw = container(NEXT, attribute(TITLE, b"LONGNA~1.TXT"), attribute(DATA, b"x"), attribute(PROPERTIES, properties))
    assert names(raw) == [("long name.txt", b"x")]


def test_a_container_whose_only_file_is_cut_off_is_kept_as_it_is() -> None:
    assert names(winmail({"a.txt": b"data"})[:-3]) is None
    assert names(winmail({"a.txt": b"data", "b.txt": b"data"})[:-3]) == [("a.txt", b"data")]


@pytest.mark.parametrize("padding", [b"", b"\x00" * 500, b"\r\n\r\n"])
def test_padding_is_no_damage(padding: bytes) -> None:
    assert is_complete(winmail({"a.txt": b"data"}) + padding)
    assert is_complete(winmail({}) + padding)


@pytest.mark.parametrize(
    "raw",
    [
        winmail({"a.txt": b"data", "b.txt": b"data"})[:-3],
        winmail({"a.txt": b"data"}) + b"more of it",
        winmail({"a.txt": b"data"}) + attribute(ANNOUNCED, bytes(14)),
        winmail({f"{number}.txt": b"data" for number in range(1001)}),
        container(attribute(CODEPAGE, bytes(8), level=1))[:-5],
    ],
    ids=["cut", "followed", "without data", "crowded", "stump"],
)
def test_a_container_that_was_not_read_to_its_end_is_not_complete(raw: bytes) -> None:
    assert not is_complete(raw)
