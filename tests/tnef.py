"""A `winmail.dat` for tests (MS-OXTNEF, 2.1.3): attributes one after the other, each with its checksum."""

import struct


def winmail(files: dict[str, bytes]) -> bytes:
    """Write a container that holds these files."""
    attributes = b"".join(
        _attribute(0x00069002, bytes(14))
        + _attribute(0x00018010, name.encode() + b"\x00")
        + _attribute(0x0006800F, data)
        for name, data in files.items()
    )
    return struct.pack("<IH", 0x223E9F78, 1) + attributes


def _attribute(number: int, data: bytes) -> bytes:
    return struct.pack("<BII", 2, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
