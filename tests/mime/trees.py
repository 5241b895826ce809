"""Mail trees for property tests, written as bytes here so that nothing is assumed of any library."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from maildock.domain.message import InboundMessage, Part
from maildock.mime import content
from maildock.mime.reader import read_message


@dataclass(frozen=True)
class Node:
    """A leaf with `data` that is to be found again, or a multipart with `children`."""

    data: bytes = b""
    encoding: str = "base64"
    subtype: str = "mixed"
    children: tuple["Node", ...] = ()

    def raw(self, number: str, end: bytes) -> bytes:
        """Header and body, with `end` as the line end; `number` keeps boundaries apart, each the start of the next."""
        if not self.children:
            return end.join([*self._leaf_lines(), b"", self._encoded(end)])
        boundary = b"edge" + number.encode()
        head = b'Content-Type: multipart/%s; boundary="%s"' % (self.subtype.encode(), boundary)
        parts = [b"--" + boundary + end + child.raw(number + "0", end) for child in self.children]
        return end.join([head, b"", b"preamble", *parts, b"--" + boundary + b"--", b"--edge epilogue"])

    def leaves(self, position: str = "") -> Iterator[tuple[str, bytes]]:
        """Yield position and bytes of every leaf."""
        if not self.children:
            yield position or "1", self.data
        for index, child in enumerate(self.children, 1):
            yield from child.leaves(f"{position}.{index}" if position else str(index))

    def _leaf_lines(self) -> list[bytes]:
        return [
            b"Content-Type: application/octet-stream",
            b"Content-Disposition: attachment",
            b"Content-Transfer-Encoding: " + self.encoding.encode(),
        ]

    def _encoded(self, end: bytes) -> bytes:
        if self.encoding == "base64":
            return base64.encodebytes(self.data).replace(b"\n", end)
        if self.encoding == "quoted-printable":
            lines = (self.data[at : at + 20] for at in range(0, len(self.data), 20))
            return (b"=" + end).join(b"".join(b"=%02X" % byte for byte in line) for line in lines)
        return self.data


DELIMITER_LIKE = [
    b"--edge ",
    b"--edge1x",
    b"--edge10x",
    b"\n",
    b"\r\n",
    b"\r",
    b"--",
    b"\n--",
    b"-",
    b"=",
    b"\x00",
    b"text",
    b"edge0\r\n",
]
data = st.binary(max_size=80) | st.lists(st.sampled_from(DELIMITER_LIKE), max_size=12).map(b"".join)
encoded = st.builds(Node, data=data, encoding=st.sampled_from(["base64", "quoted-printable"]))
# A carriage return at the end of bare data would belong to the delimiter behind it.
bare = st.builds(
    Node, data=data.map(lambda data: data.rstrip(b"\r")), encoding=st.sampled_from(["8bit", "binary", "x"])
)
subtype = st.sampled_from(["mixed", "related", "alternative", "x-unknown"])
trees = st.recursive(
    encoded | bare,
    lambda inner: st.builds(
        Node, subtype=subtype, children=st.lists(inner, min_size=1, max_size=4).map(tuple[Node, ...])
    ),
    max_leaves=12,
)


def read(raw: bytes) -> InboundMessage:
    """Read a message from bytes."""
    return read_message(io.BytesIO(raw))


def data_of(raw: bytes, part: Part) -> bytes:
    """Decode the bytes of a part."""
    start, end = content.byte_range(part.locator)
    return b"".join(content.decode(part.locator, [raw[start:end]]))
