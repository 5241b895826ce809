"""A `winmail.dat` for tests (MS-OXTNEF, 2.1.3): attributes one after the other, each with its checksum."""

import struct

DATA, TITLE, ANNOUNCED, CODEPAGE, PROPERTIES = 0x0006800F, 0x00018010, 0x00069002, 0x00069007, 0x00069005


def winmail(files: dict[str, bytes]) -> bytes:
    """Write a container that holds these files."""
    return container(
        *(
            attribute(ANNOUNCED, bytes(14)) + attribute(TITLE, name.encode() + b"\x00") + attribute(DATA, data)
            for name, data in files.items()
        )
    )


def container(*attributes: bytes) -> bytes:
    """Write a container of these attributes."""
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def attribute(number: int, data: bytes, level: int = 2) -> bytes:
    """Write one attribute, of an attachment unless its `level` is 1."""
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
