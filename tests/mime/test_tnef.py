"""Containers as other writers make them, whole and damaged."""

import io
import struct

import pytest

from maildock.mime.tnef import read_tnef
from tests.tnef import ANNOUNCED, CODEPAGE, DATA, PROPERTIES, TITLE, attribute, container, winmail

NEXT = attribute(ANNOUNCED, bytes(14))


def names(raw: bytes) -> list[tuple[str, bytes]] | None:
    files = read_tnef(io.BytesIO(raw))
    return None if files is None else [(one.name, raw[one.offset : one.offset + one.size]) for one in files]


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
