"""PDFs for the tests, as short as the format lets them be (ISO 32000-1)."""

import hashlib
from collections.abc import Sequence
from itertools import cycle

_ID = bytes(range(16))
# ISO 32000-1, 7.6.3.3: what passwords are filled up with.
_FILL = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def pdf(
    *pages: str,
    script: str = "",
    link: str = "",
    padding: int = 0,
    password: str = "",
    claimed: int = 0,
    size: tuple[int, int] = (300, 300),
    font: int = 24,
) -> bytes:
    """Make a PDF with the lines of a text on each page; `size` and `font` are in points.

    `script` runs when it is opened and `link` lies over the first line, in readers that do such things. Each page
    has `padding` bytes that draw nothing. Of `claimed` pages more it only says that they are there. With a `password`
    it is locked by RC4 of 40 bits (7.6.2).
    """
    lock = _Lock(password) if password else None
    action = f"/OpenAction<</S/JavaScript/JS({script})>>" if script else ""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    if claimed:
        kids = f"<</Type/Pages/Kids[]/Count {claimed}>> {kids}"
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{action}>>".encode(),
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages) + claimed}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    annotation = (
        f"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 {size[0]} {size[1]}]/A<</S/URI/URI({link})>>>>]" if link else ""
    )
    for text in pages:
        lines = "".join(f"({line}) Tj T* " for line in text.split("\n"))
        start = f"/F1 {font} Tf {font * 1.5} TL {size[0] // 10} {size[1] - size[0] // 6} Td"
        content = b" " * padding + f"BT {start} {lines}ET".encode()
        if lock:
            content = lock.closed(content, len(objects) + 2)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size[0]} {size[1]}]/Resources<</Font<</F1 3 0 R>>>>"
            f"/Contents {len(objects) + 2} 0 R{annotation}>>".encode()
        )
        objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content))
    if lock:
        objects.append(lock.dictionary)
    return _file(objects, f"/Encrypt {len(objects)} 0 R/ID[<{_ID.hex()}><{_ID.hex()}>]" if lock else "")


def _file(objects: Sequence[bytes], trailer: str) -> bytes:
    made = bytearray(b"%PDF-1.4\n")
    table = "0000000000 65535 f \n"
    for number, each in enumerate(objects, 1):
        table += f"{len(made):010} 00000 n \n"
        made += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    end = f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{len(made)}\n%%EOF\n"
    return bytes(made) + f"xref\n0 {len(objects) + 1}\n{table}{end}".encode()


class _Lock:
    """ISO 32000-1, 7.6.3: algorithms 1 to 4, in revision 2."""

    def __init__(self, password: str) -> None:
        filled = (password.encode() + _FILL)[:32]
        owner = _rc4(hashlib.md5(filled, usedforsecurity=False).digest()[:5], filled)
        allowed = -4 & 0xFFFFFFFF
        material = filled + owner + allowed.to_bytes(4, "little") + _ID
        self._key = hashlib.md5(material, usedforsecurity=False).digest()[:5]
        user = _rc4(self._key, _FILL)
        self.dictionary = f"<</Filter/Standard/V 1/R 2/O<{owner.hex()}>/U<{user.hex()}>/P -4>>".encode()

    def closed(self, content: bytes, number: int) -> bytes:
        material = self._key + number.to_bytes(3, "little") + b"\0\0"
        return _rc4(hashlib.md5(material, usedforsecurity=False).digest()[:10], content)


def _rc4(key: bytes, data: bytes) -> bytes:
    box = [*range(256)]
    at = 0
    for each, part in zip(range(256), cycle(key), strict=False):
        at = (at + box[each] + part) % 256
        box[each], box[at] = box[at], box[each]
    made, left, right = bytearray(), 0, 0
    for byte in data:
        left = (left + 1) % 256
        right = (right + box[left]) % 256
        box[left], box[right] = box[right], box[left]
        made.append(byte ^ box[(box[left] + box[right]) % 256])
    return bytes(made)
