"""Mails to measure with, written without ever holding them."""

import base64
import os
from pathlib import Path

MIB = 1024 * 1024
HEAD = (
    "From: Ann <ann@shop.example>\r\nTo: desk@shop.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@bench>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n"
    "--cut\r\nContent-Type: text/plain\r\n\r\nSee the files.\r\n"
)
PART = (
    "--cut\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
)


def write_mail(path: Path, sizes: list[int]) -> Path:
    """Write a mail with an attachment of random bytes for each size; its subject is the file's name."""
    with path.open("wb") as file:
        file.write(HEAD.format(subject=path.stem).encode())
        for number, size in enumerate(sizes):
            file.write(PART.format(name=f"{number}.bin").encode())
            # Lines of 57 bytes must not be broken between two pieces.
            for start in range(0, size, 57 * 16384):
                file.write(base64.encodebytes(os.urandom(min(57 * 16384, size - start))).replace(b"\n", b"\r\n"))
        file.write(b"--cut--\r\n")
    return path
