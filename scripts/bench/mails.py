"""Mails to measure with, written without ever holding them."""

import base64
import binascii
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

MIB = 1024 * 1024
HEAD = (
    "From: Ann <ann@shop.example>\r\nTo: desk@shop.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@bench>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n"
    "--cut\r\nContent-Type: text/plain\r\n\r\nSee the files.\r\n"
)
PART = (
    "--cut\r\nContent-Type: {type}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
)
INNER = b"From: Bob <bob@shop.example>\r\nSubject: inner\r\nContent-Transfer-Encoding: base64\r\n\r\n"


def base64_lines(size: int) -> Iterator[bytes]:
    """Encode random bytes, with bare line feeds."""
    # Lines of 57 bytes must not be broken between two pieces.
    for piece in _random(size, 57 * 16384):
        yield base64.encodebytes(piece)


def _random(size: int, most: int) -> Iterator[bytes]:
    for start in range(0, size, most):
        yield os.urandom(min(most, size - start))


def _plain_lines(size: int) -> Iterator[bytes]:
    line = b"Nothing but text, line after line, as long as the file is.\n"
    for _ in range(0, size, len(line) * 4096):
        yield line * 4096


def _quoted_lines(size: int) -> Iterator[bytes]:
    return (binascii.b2a_qp(piece) + b"=\n" for piece in _plain_lines(size))


def _uu_lines(size: int) -> Iterator[bytes]:
    yield b"begin 644 file.bin\n"
    for piece in _random(size, 45 * 16384):
        yield b"".join(binascii.b2a_uu(piece[at : at + 45]) for at in range(0, len(piece), 45))
    yield b"`\nend\n"


def _inner_mail(size: int) -> Iterator[bytes]:
    yield INNER.replace(b"\r\n", b"\n")
    yield from base64_lines(size)


KINDS = {
    "base64": ("application/octet-stream", "base64", base64_lines),
    "quoted-printable": ("text/csv", "quoted-printable", _quoted_lines),
    "8bit": ("text/csv", "8bit", _plain_lines),
    "uuencode": ("application/octet-stream", "x-uuencode", _uu_lines),
    "attached mail": ("message/rfc822", "8bit", _inner_mail),
}


def write_mail(path: Path, sizes: Iterable[int], kind: str = "base64") -> Path:
    """Write a mail with an attachment for each size in bytes; its subject is the file's name."""
    content_type, encoding, lines = KINDS[kind]
    with path.open("wb") as file:
        file.write(HEAD.format(subject=path.stem).encode())
        for number, size in enumerate(sizes):
            file.write(PART.format(type=content_type, encoding=encoding, name=f"{number}.bin").encode())
            for piece in lines(size):
                file.write(piece.replace(b"\n", b"\r\n"))
        file.write(b"--cut--\r\n")
    return path
