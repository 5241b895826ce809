"""Mails whose structure is broken or rare: what is a file in them, and what the message's own text."""

import pytest

from maildock.domain.eligibility import Policy, judge
from maildock.domain.message import Address, InboundMessage
from tests.mime.trees import data_of, read

TEXT = "Content-Type: text/plain\r\n\r\nhello"
PDF = 'Content-Type: application/pdf; name="a.pdf"\r\n\r\ndata'
PICTURE = 'Content-Type: image/png; name="i.png"\r\nContent-ID: <i@x>\r\n\r\npng'
HTML = '\r\n\r\n<img src="cid:i@x">'


def multipart(head: str, *parts: str) -> bytes:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return f"Subject: x\r\n{head}\r\n\r\n{body}--b--\r\n".encode()


def fates(message: InboundMessage) -> list[tuple[str, str | None]]:
    return [(one.part.file_name, one.skip) for one in judge(message.parts, Policy(1 << 20))]


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: multipart / mixed; boundary=b",
        'Content-Type: "multipart/mixed"; boundary=b',
        "Content-Type: multipart; boundary=b",
        "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b",
        "Content-Type: multipart/mixed;\r\nboundary=b",
    ],
)
def test_a_multipart_is_walked_however_its_type_is_written(head: str) -> None:
    message = read(multipart(head, TEXT, PDF))
    assert (message.body_text, fates(message)) == ("hello", [("a.pdf", None)])


@pytest.mark.parametrize(
    "fields",
    [
        'Content-Type: application/pdf;\r\nname="a.pdf"',
        'Content-Type: application/pdf\r\nContent-Disposition: attachment\r\nContent-Disposition: x; filename="a.pdf"',
        'Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment; filename=" "',
    ],
)
def test_a_name_is_found_in_unfolded_repeated_and_empty_fields(fields: str) -> None:
    raw = multipart("Content-Type: multipart/mixed; boundary=b", TEXT, f"{fields}\r\n\r\ndata")
    message = read(raw)
    assert fates(message) == [("a.pdf", None)]
    assert data_of(raw, message.parts[0]) == b"data"


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_attached_message_that_is_not_encoded_as_it_claims_stays_as_it_is(encoding: str) -> None:
    inner = '\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary="c"\r\n\r\n--c--'
    fields = f"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}"
    raw = multipart("Content-Type: multipart/mixed; boundary=b", TEXT, f"{fields}\r\n\r\n{inner}")
    part = read(raw).parts[0]
    assert (part.file_name, data_of(raw, part)) == ("inner.eml", inner.encode())


def test_the_root_of_related_parts_may_stand_last() -> None:
    head = 'Content-Type: multipart/related; boundary=b; start="<root@x>"'
    message = read(multipart(head, PICTURE, f"Content-Type: text/html\r\nContent-ID: <root@x>{HTML}"))
    assert (message.body_html, fates(message)) == (HTML.strip(), [("i.png", "inline")])


def test_an_alternative_with_a_name_is_both_shown_and_kept() -> None:
    head = "Content-Type: multipart/alternative; boundary=b"
    related = f'Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\nContent-Type: text/html; name="b.html"{HTML}'
    message = read(multipart(head, TEXT, f"{related}\r\n--c\r\n{PICTURE}\r\n--c--"))
    assert (message.body_text, message.body_html) == ("hello", HTML.strip())
    assert fates(message) == [("b.html", None), ("i.png", "inline")]


@pytest.mark.parametrize(
    ("fields", "base"),
    [
        ("Content-Location: http://a.b/c/d.html", ""),
        ("Content-Base: http://a.b/c/", ""),
        ("", '<base href="http://a.b/c/">'),
    ],
)
def test_a_picture_is_found_by_its_location_against_the_base_of_the_html(fields: str, base: str) -> None:
    shown = f'Content-Type: text/html\r\n{fields}\r\n\r\n{base}<img src="../i.png">'.replace("\r\n\r\n\r\n", "\r\n\r\n")
    picture = 'Content-Type: image/png; name="i.png"\r\nContent-Location: http://a.b/i.png\r\n\r\npng'
    assert fates(read(multipart("Content-Type: multipart/related; boundary=b", shown, picture))) == [
        ("i.png", "inline")
    ]


def test_a_line_that_is_no_field_hides_none_of_the_header() -> None:
    head = "a line of a broken field\r\nReferences: <a@b>\r\nContent-Type: multipart/mixed; boundary=b"
    assert fates(read(multipart(head, TEXT, PDF))) == [("a.pdf", None)]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\r\n"])
def test_other_line_ends_change_nothing(end: str) -> None:
    packed = "Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\nZGF0YQ=="
    raw = multipart("Content-Type: multipart/mixed;\r\n boundary=b", TEXT, packed, PDF).replace(b"\r\n", end.encode())
    message = read(b"From a@b Thu Jan  1 00:00:00 1970" + end.encode() + raw)
    assert (message.body_text, fates(message)) == ("hello", [("a.zip", None), ("a.pdf", None)])


@pytest.mark.parametrize("address", ["<@relay,@other:a@b>", "<mailto:a@b>", "< a@B >"])
def test_an_address_is_read_without_what_is_wrapped_around_it(address: str) -> None:
    sender = read(f"From: Ann {address}\r\n\r\n".encode()).sender
    assert sender == Address("Ann", "a@b")
