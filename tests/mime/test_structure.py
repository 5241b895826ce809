"""Mails whose structure is broken or rare: what is a file in them, and what the message's own text."""

import io

import pytest

from maildock.domain.eligibility import Policy, judge
from maildock.domain.message import Address, InboundMessage, PartKind
from maildock.mime.reader import read_message
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


def test_a_file_that_is_no_picture_is_not_shown_by_an_object() -> None:
    shown = 'Content-Type: text/html\r\n\r\n<object data="cid:1@x" type="application/x-apple-msg-attachment"></object>'
    packed = "Content-Type: application/pdf; name=a.pdf\r\nContent-ID: <1@x>\r\n\r\nx"
    assert fates(read(multipart("Content-Type: multipart/related; boundary=b", shown, packed))) == [("a.pdf", None)]


def test_a_report_is_machinery_and_what_is_attached_to_it_is_not() -> None:
    head = "Content-Type: multipart/report; report-type=tlsrpt; boundary=b"
    status = "Content-Type: message/delivery-status\r\n\r\nx"
    headers = "Content-Type: text/rfc822-headers\r\n\r\nx"
    packed = "Content-Type: application/tlsrpt+gzip; name=r.json.gz\r\n\r\nx"
    named = "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=u.csv\r\n\r\nx"
    message = read(multipart(head, TEXT, status, headers, packed, named))
    assert [fate for _, fate in fates(message)] == ["machine_part", "machine_part", None, None]


def test_of_too_many_files_in_a_text_one_part_stands_for_the_rest() -> None:
    blocks = b"begin 644 a.txt\n#86)C\n`\nend\n" * 12
    message = read_message(io.BytesIO(b"Subject: x\r\n\r\n" + blocks), max_parts=10)
    assert [part.kind for part in message.parts] == [PartKind.FILE] * 10 + [PartKind.LIMIT]
    assert message.parts[-1].detail == "2 more parts"


def test_a_comment_beside_a_content_id_is_not_of_it() -> None:
    picture = 'Content-Type: image/png; name="i.png"\r\nContent-ID: <i@x> (made by a tool)\r\n\r\npng'
    shown = f"Content-Type: text/html{HTML}"
    assert fates(read(multipart("Content-Type: multipart/related; boundary=b", shown, picture))) == [
        ("i.png", "inline")
    ]
