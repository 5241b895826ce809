"""What Graph says about a mail becomes the same message that its raw form does."""

from dataclasses import replace
from io import BytesIO

import pytest

from maildock.domain.errors import NotThere, Throttled, Unauthorized, Unavailable
from maildock.domain.message import PartKind
from maildock.mime.reader import read_message
from tests.mail import mail
from tests.providers.microsoft.conftest import Desk
from tests.servers.microsoft.faults import FaultKind
from tests.servers.microsoft.parts import GraphPart, file_part, item_part, reference_part


async def test_it_says_what_the_raw_mail_says(desk: Desk) -> None:
    first = mail("Printer on fire")
    answer = (
        mail(sender="=?utf-8?q?Zo=C3=AB?= <zoe@customer.example>", text="Hello.\n")
        .reply_to(first)
        .header("List-Id", "<l>")
    )
    message, raw = await desk.fetch(desk.inbox.deliver(answer)), read_message(BytesIO(answer.raw()))
    assert replace(message, thread_id=None, received_at=None) == replace(raw, parts=())
    assert message.thread_id
    assert message.received_at


async def test_fields_stand_in_for_headers_that_are_not_there(desk: Desk) -> None:
    raw = b"From: Ann <ann@customer.example>\r\nSubject: Hi\r\n\r\nHello"
    sent = desk.inbox.deliver(raw)
    sent.facts = replace(sent.facts, headers=(("X-Mailer", "Outlook"),))
    message = await desk.fetch(sent)
    assert (message.subject, message.message_id) == ("Hi", f"<{sent.immutable_id}@none.invalid>")
    assert message.date == sent.received


async def test_html_gets_a_text(desk: Desk) -> None:
    message = await desk.fetch(desk.inbox.deliver(mail().html("<p>Hello</p><p>you</p>")))
    assert (message.body_html, message.body_text) == ("<p>Hello</p><p>you</p>", "Hello\n\nyou")


async def test_nothing_holds_what_the_database_refuses(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail("a\x00b"), parts=[file_part("c\x00\u202ed.pdf", b"1")])
    sent.facts = replace(sent.facts, text="x\x00\ud800y", headers=(("Subject", "a\x00b\r\nBcc: x@y"),))
    message = await desk.fetch(sent)
    assert (message.body_text, message.subject) == ("xy", "ab Bcc: x@y")
    assert message.parts[0].file_name == "cd.pdf"


async def test_attachments_are_listed_whatever_the_mail_says_about_having_some(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail(), parts=[file_part("photo.jpg", b"1", "image/jpeg", is_inline=True)])
    part = await desk.part(sent)
    assert (part.file_name, part.shown_inline, part.disposition) == ("photo.jpg", False, "inline")


async def test_a_picture_is_inline_only_if_the_html_shows_it(desk: Desk) -> None:
    parts = [file_part("logo.png", b"1", "image/png", content_id="A%40b"), file_part("x.png", b"1", content_id="c@d")]
    found = await desk.fetch(desk.inbox.deliver(mail().html('<img src="cid:a@B">'), parts=parts))
    assert [part.shown_inline for part in found.parts] == [True, False]
    located = GraphPart("file", "l.png", b"1", "image/png", content_location="pic/l.png")
    found = await desk.fetch(desk.inbox.deliver(mail().html('<img src="pic/l.png">'), parts=[located]))
    assert found.parts[0].shown_inline


async def test_machine_parts_and_containers_are_told_by_type(desk: Desk) -> None:
    types = ["application/pgp-signature", "application/ms-tnef", "Text/Plain; charset=x", None, "message/rfc822"]
    sent = desk.inbox.deliver(mail(), parts=[file_part("a.pdf", b"1", one) for one in types])
    parts = (await desk.fetch(sent)).parts
    kinds = [PartKind.MACHINE, PartKind.CONTAINER, PartKind.FILE, PartKind.FILE, PartKind.FILE]
    assert [part.kind for part in parts] == kinds
    assert [part.content_type for part in parts][2:4] == ["text/plain", "application/pdf"]


async def test_items_are_files_of_their_kind(desk: Desk) -> None:
    parts = [item_part("Re: a/b", b"m"), item_part("Lunch", b"e", "event"), item_part("Ann.vcf", b"c", "contact")]
    sent = desk.inbox.deliver(mail(), parts=parts)
    found = (await desk.fetch(sent)).parts
    assert [(part.file_name, part.content_type) for part in found] == [
        ("Re: a-b.eml", "message/rfc822"),
        ("Lunch.ics", "text/calendar"),
        ("Ann.vcf", "text/vcard"),
    ]
    assert list((await desk.files(sent)).values()) == [b"m", b"e", b"c"]


async def test_an_item_that_cannot_be_asked_about_is_a_mail(desk: Desk) -> None:
    desk.graph.fault("$expand", times=9, kind="error")
    assert (
        await desk.part(desk.inbox.deliver(mail(), parts=[item_part("Lunch", b"e", "event")]))
    ).file_name == "Lunch.eml"


async def test_a_link_to_a_file_says_where_it_leads(desk: Desk) -> None:
    html = (
        '<a href="https://x.example/other">other</a>'
        '<a class=x href="https://x.example/s/abc?d=1&amp;e=2"><img src="i"> <b>Plan.docx</b></a>'
        '<a href="https://y.example/My%20File.xlsx">open</a>'
    )
    parts = [reference_part("plan.docx"), reference_part("My File.xlsx"), reference_part("none")]
    found = (await desk.fetch(desk.inbox.deliver(mail().html(html), parts=parts))).parts
    assert {part.kind for part in found} == {PartKind.REFERENCE_LINK}
    links = ["https://x.example/s/abc?d=1&e=2", "https://y.example/My%20File.xlsx", ""]
    assert [part.detail for part in found] == links


async def test_more_than_a_page_of_attachments_is_listed_whole_and_beyond_a_thousand_counted(desk: Desk) -> None:
    parts = [file_part(f"{number}.txt", b"1") for number in range(1003)]
    found = (await desk.fetch(desk.inbox.deliver(mail(), parts=parts))).parts
    assert len({part.attachment_id for part in found}) == 1001
    assert (found[-1].kind, found[-1].detail) == (PartKind.LIMIT, "3 more parts")


async def test_a_long_text_is_cut_and_kept_whole_as_a_file(desk: Desk) -> None:
    html = "<p>" + "ä" * (1 << 20) + "</p>"
    sent = desk.inbox.deliver(mail().html(html))
    message = await desk.fetch(sent)
    assert len(message.body_html.encode()) <= 1 << 20
    assert await desk.files(sent) == {"body.html": html.encode()}


async def test_a_text_too_long_for_an_answer_is_read_as_raw_mail(desk: Desk) -> None:
    written = mail("Long", text="Hello " * (3 << 20)).attach("a.pdf", b"data")
    sent = desk.inbox.deliver(written)
    message = await desk.fetch(sent)
    assert (message.subject, message.received_at) == ("Long", sent.received)
    assert (await desk.files(sent))["a.pdf"] == b"data"


async def test_a_draft_is_ignored(desk: Desk) -> None:
    assert (await desk.fetch(desk.inbox.deliver(mail(), is_draft=True))).ignored == "draft"


async def test_a_mail_that_moves_keeps_its_ids(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.pdf", b"data"))
    before = await desk.fetch(sent)
    desk.inbox.move(sent, "archive")
    assert await desk.fetch(sent) == before
    assert all(seen.immutable for seen in desk.graph.requests)


async def test_a_mail_too_new_to_be_seen_is_not_there_yet(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail("New"), late_reads=1)
    with pytest.raises(NotThere, match="ErrorItemNotFound"):
        await desk.fetch(sent)
    assert (await desk.fetch(sent)).subject == "New"


async def test_a_mailbox_that_is_gone_is_no_mail_that_is_gone(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail())
    desk.graph.remove_mailbox(desk.mailbox.address)
    with pytest.raises(Unauthorized, match="no such mailbox") as caught:
        await desk.fetch(sent)
    assert desk.mailbox.address not in str(caught.value)


@pytest.mark.parametrize(("given", "waited"), [(7, 7), (None, None), (99999, 3600)])
async def test_throttling_says_how_long_to_wait(desk: Desk, given: int | None, waited: int | None) -> None:
    desk.graph.fault("/attachments", kind="throttled", retry_after=given)
    with pytest.raises(Throttled) as caught:
        await desk.fetch(desk.inbox.deliver(mail()))
    assert caught.value.retry_after == waited


@pytest.mark.parametrize("kind", ["unavailable", "bad_gateway", "garbage", "redirect", "reset", "error", "short"])
async def test_a_broken_answer_is_an_outage(desk: Desk, kind: FaultKind) -> None:
    desk.graph.fault("GET", times=3, kind=kind)
    with pytest.raises(Unavailable):
        await desk.fetch(desk.inbox.deliver(mail()))


async def test_a_list_that_goes_on_elsewhere_is_not_followed(desk: Desk) -> None:
    desk.graph.link_origin = "http://127.0.0.2:9"
    parts = [file_part(f"{number}.txt", b"1") for number in range(201)]
    with pytest.raises(Unavailable, match="another place"):
        await desk.fetch(desk.inbox.deliver(mail(), parts=parts))


async def test_a_list_that_leads_back_to_its_beginning_is_an_outage(desk: Desk) -> None:
    desk.graph.last_page_leads_back = True
    with pytest.raises(Unavailable, match="come to an end"):
        await desk.fetch(desk.inbox.deliver(mail().attach("a.txt", b"a")))
    assert desk.asked("/attachments") < 5


async def test_one_refusal_to_say_what_an_item_is_is_asked_again(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail(), parts=[item_part("Lunch", b"BEGIN:VCALENDAR", "event")])
    desk.graph.fault("$expand", times=1, kind="unavailable")
    assert [part.file_name for part in (await desk.fetch(sent)).parts] == ["Lunch.ics"]
