"""PNG files (RFC 2083), written small: pictures of pages by a palette, and made-up photos."""

import struct
import zlib

_COLOUR, _PALETTE = 2, 3


def indexed(width: int, height: int, palette: bytes, pixels: bytes) -> bytes:
    """Write a picture of at most 256 colours: `palette` has three bytes for each, `pixels` one index each."""
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
    return _file(width, height, _PALETTE, _chunk(b"PLTE", palette), rows)


def photo(width: int, height: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> bytes:
    """Paint a gradient with a bright disc, from which one sees at a glance that it is a picture."""
    radius, middle, centre = height / 4, height / 2.2, width / 1.5
    rows = bytearray()
    for y in range(height):
        share = y / height
        ground = bytes(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        bright = bytes(min(255, channel + 70) for channel in ground)
        half = int(max(0.0, radius**2 - (y - middle) ** 2) ** 0.5)
        left, right = max(0, int(centre) - half), min(width, int(centre) + half)
        rows += b"\0" + ground * left + bright * (right - left) + ground * (width - right)
    return _file(width, height, _COLOUR, b"", bytes(rows))


def _file(width: int, height: int, kind: int, palette: bytes, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    data = _chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + palette + data + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
