"""Every mail of the corpus against what its manifest says.

Two kinds of parts are ours alone: what a broken boundary hides from other readers, and a body too long to be shown.
"""

import hashlib
import io
from typing import Any

import pytest

from maildock.domain.eligibility import Judged, Policy, judge
from maildock.mime import content
from maildock.mime.bodies import LONGEST_SHOWN
from maildock.mime.reader import read_message
from maildock.mime.tnef import read_tnef
from tests.mime.corpus import CORPUS, manifest, needs_corpus

pytestmark = needs_corpus

SKIPS = {"file": None, "inline_image": "inline", "signature_logo": "inline", "machine_part": "machine_part"}
POLICY = Policy(100 << 20)
# What Outlook writes beside an attached message, for those who cannot read it.
PLACEHOLDER = hashlib.sha256(
    b"This attachment is a MAPI 1.0 embedded message and is not supported by this mail system.\x00"
).hexdigest()

Row = dict[str, Any]
Read = tuple[Judged, bytes]


def read(row: Row) -> list[Read]:
    """Return every part of the mail with its reason to be skipped and its decoded bytes."""
    path = CORPUS / row["file"]
    with path.open("rb") as source:
        message = read_message(source)
    raw = path.read_bytes()
    return [(judged, decoded(raw, judged.part.locator)) for judged in judge(message.parts, POLICY)]


def decoded(raw: bytes, locator: str) -> bytes:
    start, end = content.byte_range(locator)
    return b"".join(content.decode(locator, [raw[start:end]]))


def paired(expected: list[Row], found: list[Read]) -> tuple[list[tuple[Row, Read | None]], list[Read]]:
    """Pair what is expected with the part of the same bytes, the best name first; and return what is left over."""
    left = list(found)
    pairs: list[tuple[Row, Read | None]] = []
    for one in expected:
        alike = sorted((part for part in left if has_bytes(one, part)), key=lambda part: unlike(one, part[0]))
        pairs.append((one, alike[0] if alike else None))
        if alike:
            left.remove(alike[0])
    return pairs, left


def has_bytes(expected: Row, read: Read) -> bool:
    judged, data = read
    if expected.get("bytes_disputed"):
        return not unlike(expected, judged) or expected["content_type"] == judged.part.content_type
    if expected["cte"] == "base64" or "sha256_norm" not in expected:
        return bool(hashlib.sha256(data).hexdigest() == expected["sha256"])
    normal = data.replace(b"\r\n", b"\n").rstrip(b"\n")
    return bool(hashlib.sha256(normal).hexdigest() == expected["sha256_norm"])


def unlike(expected: Row, judged: Judged) -> bool:
    return judged.part.file_name not in names(expected)


def names(expected: Row) -> list[str]:
    return expected.get("filename_accept") or [expected.get("filename", "")]


@pytest.mark.parametrize("row", manifest("manifest.jsonl"), ids=lambda row: row["file"])
def test_every_attachment_is_found_with_its_bytes_name_and_fate(row: Row) -> None:
    pairs, _ = paired(row["attachments"], read(row))
    for expected, found in pairs:
        assert found, f"no part has the bytes of {expected}"
        if expected["helpdesk"] in SKIPS:
            assert found[0].skip == SKIPS[expected["helpdesk"]]
        if expected["helpdesk"] == "file" and any(names(expected)):
            assert found[0].part.file_name in names(expected)


@pytest.mark.parametrize("row", manifest("manifest.jsonl"), ids=lambda row: row["file"])
def test_nothing_else_becomes_a_file(row: Row) -> None:
    _, left = paired(row["attachments"], read(row))
    if "broken_boundary" not in row["flags"]:
        assert [judged.part for judged, data in left if len(data) <= LONGEST_SHOWN] == []


@pytest.mark.parametrize("row", manifest("tnef_manifest.jsonl"), ids=lambda row: row["file"])
def test_every_file_in_a_container_is_found(row: Row) -> None:
    raw = (CORPUS / row["file"]).read_bytes()
    contents = read_tnef(io.BytesIO(raw))
    files = contents.files if contents else ()
    found = {(same_text(raw[one.offset : one.offset + one.size]), one.name) for one in files}
    members = [one for one in row["members"] if not one["is_body"] and one["sha256"] != PLACEHOLDER]
    assert len(files) == len(members)
    for one in members:
        nameless = one["filename"].startswith("Untitled Attachment")
        assert one["sha256"] in {same for same, name in found if nameless or name == one["filename"]}


def same_text(data: bytes) -> str:
    """Hash as the manifest does: text with plain line ends."""
    return hashlib.sha256(data if b"\x00" in data else data.replace(b"\r\n", b"\n")).hexdigest()
