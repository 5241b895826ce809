import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail import mail
from tests.mime.trees import Node, data_of, read, trees

ENDS = [b"\r\n", b"\n", b"\r"]
HEADER = b"Subject: tree\nMIME-Version: 1.0\n"


@given(tree=trees, end=st.sampled_from(ENDS[:2]))
def test_every_leaf_is_found_with_its_exact_bytes(tree: Node, end: bytes) -> None:
    raw = HEADER.replace(b"\n", end) + tree.raw("1", end)
    assert [(part.attachment_id, data_of(raw, part)) for part in read(raw).parts] == list(tree.leaves())


@given(tree=trees)
def test_ids_and_names_are_the_same_at_every_look(tree: Node) -> None:
    raw = HEADER + tree.raw("1", b"\n")
    assert read(raw) == read(raw)
    longer = b"Received: by some.other.server.example\nX-More: 1\n" + raw
    assert [(part.attachment_id, part.file_name) for part in read(longer).parts] == [
        (part.attachment_id, part.file_name) for part in read(raw).parts
    ]


@given(tree=trees, cut=st.integers(0, 2000))
def test_a_mail_that_was_cut_off_keeps_what_came_before(tree: Node, cut: int) -> None:
    raw = HEADER + tree.raw("1", b"\n")
    whole = {part.attachment_id: data_of(raw, part) for part in read(raw).parts}
    short = raw[: len(HEADER) + cut]
    found = read(short).parts
    for part in found[:-1]:
        assert data_of(short, part) == whole[part.attachment_id]


@pytest.mark.parametrize("end", ENDS)
def test_any_line_end_will_do(end: bytes) -> None:
    raw = mail("Photo").attach("a.bin", b"\x00\x01").html("<b>hi</b>").raw().replace(b"\r\n", end)
    message = read(raw)
    assert (message.subject, message.body_html) == ("Photo", "<b>hi</b>")
    assert [(part.attachment_id, data_of(raw, part)) for part in message.parts] == [("2", b"\x00\x01")]


@pytest.mark.parametrize(
    "start", [b"\xef\xbb\xbf", b"\r\n\r\n", b"From ann@x Mon May  4 10:12:00 2026\r\n", b">From ann@x\n"]
)
def test_what_stands_before_the_header_is_skipped(start: bytes) -> None:
    assert read(start + mail("Photo").raw()).subject == "Photo"
