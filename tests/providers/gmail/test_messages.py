"""Gmail's messages are read by the same rules as raw mail."""

import base64
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from maildock.domain.errors import NotThere
from maildock.domain.message import InboundMessage, PartKind
from maildock.mime.reader import read_message
from tests.mail import Mail, mail
from tests.providers.gmail.conftest import Desk
from tests.providers.judged_mails import JUDGED


def raw_of(sent: Mail | bytes) -> bytes:
    return sent if isinstance(sent, bytes) else sent.raw()


def judged(message: InboundMessage) -> list[tuple[object, ...]]:
    """What must not depend on where a mail came from; who has no name is called by its id."""
    return [
        (
            re.sub(r"^attachment-\S+?(?=\.)", "", part.file_name),
            part.content_type,
            part.disposition,
            part.content_id,
            part.kind,
            part.shown_inline,
        )
        for part in message.parts
    ]


ATTACHED = mail("Inner/mail").attach("x.txt", b"x")
REPORT = (
    b"From: mailer-daemon@b.example\r\nSubject: Failed\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n--r\r\n\r\nYour mail failed\r\n'
    b"--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: y\r\n"
    b"--r\r\nContent-Type: message/rfc822\r\n\r\nSubject: Lost\r\n\r\nText\r\n--r--\r\n"
)
LATIN = (
    b"From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <J@B.example>\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
    b"Message-ID: <a@b>\r\nReferences: <1@x>\r\n <2@x>\r\nTo: one@x.example, Two <two@x.example>\r\n"
    b"Date: Tue, 3 Nov 2026 10:00:00 +0100\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Sch=F6ne Gr=FC=DFe\r\n"
)
CALENDAR = mail("Meeting").html("<p>Come</p>").attach("invite.ics", b"BEGIN:VCALENDAR", "text/calendar; method=REQUEST")
TEXT_FILE = mail("Two texts").attach("notes.txt", b"notes").attach("", b"nameless", "application/pdf")
SAMPLES = [
    *(sent for sent, _ in JUDGED.values()),
    *(mail("Plain"), mail("Outer").attach_mail(ATTACHED), REPORT, LATIN),
    *(CALENDAR, TEXT_FILE, mail("Named").attach("winmail.dat", b"x", "application/ms-tnef")),
    b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n",
    b"Subject: Nothing in it\r\n\r\n",
    b'Subject: No delimiter\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\nJust text\r\n',
]


@pytest.mark.parametrize("sent", SAMPLES, ids=range(len(SAMPLES)))
@pytest.mark.parametrize("decoded_headers", [True, False])
async def test_a_mail_reads_the_same_as_its_raw_form(desk: Desk, sent: Mail | bytes, decoded_headers: bool) -> None:
    desk.gmail.style.decoded_headers = decoded_headers
    message = desk.inbox.deliver(sent)
    found, expected = await desk.fetch(message), read_message(io.BytesIO(raw_of(sent)))
    for name in ("subject", "sender", "recipients", "date", "message_id", "in_reply_to", "references", "automatic"):
        assert getattr(found, name) == getattr(expected, name), name
    assert (found.body_text, found.body_html) == (expected.body_text, expected.body_html)
    assert found.body_digest == expected.body_digest
    assert judged(found) == judged(expected)


async def test_what_gmail_alone_knows_is_kept(desk: Desk) -> None:
    received = datetime(2026, 11, 3, 10, 0, 0, 123000, UTC)
    message = desk.inbox.deliver(mail("Hello"), received=received)
    found = await desk.fetch(message)
    assert (found.thread_id, found.received_at, found.ignored) == (message.thread_id, received, "")


@pytest.mark.parametrize(
    ("labels", "word"), [(("DRAFT",), "draft"), (("SENT",), "sent"), (("SENT", "INBOX"), ""), (("INBOX",), "")]
)
async def test_drafts_and_sent_mail_did_not_come_in(desk: Desk, labels: tuple[str, ...], word: str) -> None:
    assert (await desk.fetch(desk.inbox.deliver(mail("Hello"), labels=labels))).ignored == word


async def test_the_root_part_is_called_root(desk: Desk) -> None:
    sent = b"Subject: A file\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
    message = desk.inbox.deliver(sent)
    assert [part.attachment_id for part in (await desk.fetch(message)).parts] == ["root"]
    assert await desk.read(message, "root") == b"%PDF"


async def test_a_text_that_comes_by_handle_is_read_whole(desk: Desk) -> None:
    desk.gmail.style.text_by_id_from = 10
    sent = mail("Long").text("Grüße und mehr").html('<p>Viele <img src="cid:l@x"></p>').inline("l.png", b"x", cid="l@x")
    found = await desk.fetch(desk.inbox.deliver(sent))
    assert (found.body_text, found.parts[0].shown_inline) == ("Grüße und mehr", True)
    assert found.body_digest == read_message(io.BytesIO(sent.raw())).body_digest


async def test_a_text_of_more_than_a_mebibyte_is_cut_and_kept_as_a_file(desk: Desk) -> None:
    text = "All work and no play\r\n" * 60_000
    message = desk.inbox.deliver(mail("Long").text(text).attach("a.txt", b"a"))
    found = await desk.fetch(message)
    assert [(part.attachment_id, part.file_name) for part in found.parts] == [("0", "attachment-0.txt"), ("1", "a.txt")]
    assert len(found.body_text) < len(text)
    assert await desk.read(message, "0") == text.encode()


async def test_a_thousand_parts_are_offered_and_a_row_stands_for_the_rest(desk: Desk) -> None:
    sent = mail("Many")
    for number in range(1003):
        sent = sent.attach(f"{number}.bin", b"x")
    parts = (await desk.fetch(desk.inbox.deliver(sent))).parts
    assert (len(parts), parts[-1].kind, parts[-1].detail) == (1001, PartKind.LIMIT, "3 more parts")
    assert len({part.attachment_id for part in parts}) == 1001


def nested(depth: int) -> bytes:
    head = b"Subject: Deep\r\nMIME-Version: 1.0\r\n"
    for level in range(depth):
        head += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
    return (
        head + b"Content-Type: application/pdf; name=deep.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
    )


async def test_deep_nesting_is_read_like_raw_mail(desk: Desk) -> None:
    message = desk.inbox.deliver(nested(60))
    (part,) = (await desk.fetch(message)).parts
    assert part.attachment_id == ".".join(["0"] * 60)
    assert await desk.read(message, part.attachment_id, part.locator) == b"%PDF"


async def test_deeper_than_raw_mail_is_walked_it_is_read_from_raw_mail(desk: Desk) -> None:
    message = desk.inbox.deliver(nested(120))
    (part,) = (await desk.fetch(message)).parts
    assert (part.content_type, len(part.attachment_id)) == ("message/rfc822", 201)
    assert (await desk.read(message, part.attachment_id, part.locator)).endswith(b"JVBERg==\r\n")


async def test_a_mail_that_is_not_there_yet_says_so(desk: Desk) -> None:
    message = desk.inbox.deliver(mail("Hello"), late_reads=1)
    with pytest.raises(NotThere):
        await desk.fetch(message)
    assert (await desk.fetch(message)).subject == "Hello"


async def test_a_nameless_attached_mail_is_called_by_its_subject(desk: Desk) -> None:
    desk.gmail.style.attached_mails = "id"
    sent = mail("Outer").attach_mail(mail("Grüße: alt"))
    assert [part.file_name for part in (await desk.fetch(desk.inbox.deliver(sent))).parts] == ["Grüße: alt.eml"]


async def test_a_mail_from_long_ago_keeps_its_time(desk: Desk) -> None:
    old = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3000)
    assert (await desk.fetch(desk.inbox.deliver(mail("Old"), received=old))).received_at == old


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        *(("iso-8859-1", "Grüße"), ("windows-1252", "„Preis“ 5 €"), ("koi8-r", "Привет"), ("iso-2022-jp", "水野様")),
        *(("shift_jis", "水野様"), ("utf-16", "plains"), ("us-ascii", "plain")),
    ],
)
@pytest.mark.parametrize("utf8_texts", [True, False])
async def test_a_text_is_read_in_its_charset_or_in_the_utf8_that_gmail_made_of_it(
    desk: Desk, charset: str, text: str, utf8_texts: bool
) -> None:
    desk.gmail.style.utf8_texts = utf8_texts
    encoded = base64.b64encode(text.encode(charset))
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    message = desk.inbox.deliver(b"Subject: Hello\r\nMIME-Version: 1.0\r\n" + head + encoded + b"\r\n")
    assert (await desk.fetch(message)).body_text == text


async def test_a_named_alternative_that_comes_by_handle_is_shown_too(desk: Desk) -> None:
    desk.gmail.style.small_in_data = False
    head = b'Subject: Form\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="a"\r\n\r\n'
    plain = b"--a\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
    named = b"--a\r\nContent-Type: text/html; name=form.html\r\n\r\n<p>shown\r\n--a--\r\n"
    found = await desk.fetch(desk.inbox.deliver(head + plain + named))
    assert (found.body_text, found.body_html.strip()) == ("plain", "<p>shown")
    assert [part.attachment_id for part in found.parts] == ["1"]
