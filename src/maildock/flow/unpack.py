"""Unpack: the files inside a container (`winmail.dat`), each a row of its own.

A file inside is a range of the container's own bytes. These are kept in the object store for as long as one of the
files is still to be read from them.
"""

import asyncio
from dataclasses import dataclass

from maildock.domain.message import Part, PartKind
from maildock.mime.tnef import Contents, TnefFile, read_tnef
from maildock.storage.spool import SpoolFile
from maildock.tables.email_processed_attachments import ClaimedAttachment


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The files inside an attachment; it is a file itself unless it is `only_wrapping`."""

    members: tuple[Part, ...] = ()
    only_wrapping: bool = False


UNOPENED = Unpacked()


async def unpack(row: ClaimedAttachment, file: SpoolFile) -> Unpacked:
    """List the files inside what claims to be a container; a damaged one is a file beside those that it still has."""
    found = await asyncio.to_thread(_read, file)
    if found is None:
        return UNOPENED
    members = tuple(_part(row, number, inside) for number, inside in enumerate(found.files, 1))
    return Unpacked(members, found.complete)


def _read(file: SpoolFile) -> Contents | None:
    with file.path.open("rb") as source:
        return read_tnef(source)


def _part(row: ClaimedAttachment, number: int, inside: TnefFile) -> Part:
    return Part(
        attachment_id=f"{row.attachment_id}/{number}",
        locator=f"{inside.offset}+{inside.size}",
        file_name=inside.name,
        content_type=inside.content_type,
        size=inside.size,
        kind=PartKind.PACKED,
    )


def packed_range(locator: str) -> tuple[int, int]:
    """Read the byte range [start, end) inside the container back from a locator."""
    offset, size = locator.split("+")
    return int(offset), int(offset) + int(size)
