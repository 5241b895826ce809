from dataclasses import replace

import pytest

from maildock.domain.errors import MessageTooLarge, NotAMessage
from tests.desk import COMMENTS, EMAILS, LEDGER, TICKETS, Desk
from tests.mail import mail


async def test_a_mail_makes_a_ticket_with_its_files(desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"hello").attach("leer.bin", b""))
    (ticket,) = await desk.all(TICKETS)
    assert (ticket["number"], ticket["subject"], ticket["requester"]) == (1, "Printer", "ann@customer.example")
    assert await desk.documents() == {"a.txt": b"hello", "leer.bin": b""}


async def test_what_mail_brings_in_belongs_to_the_system_user(desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"hello"))
    rows = await desk.all(
        "SELECT uploaded_by, created_by FROM file_stores JOIN documents USING (tenant, file_id)"
        " WHERE tenant = %(tenant)s"
    )
    assert rows == [{"uploaded_by": desk.tenant.system_user_id, "created_by": desk.tenant.system_user_id}]


async def test_ticket_numbers_count_from_one_in_each_tenant(desk: Desk, neighbour: Desk) -> None:
    await desk.ingest(mail("One"), mail("Two"))
    await neighbour.ingest(mail("Theirs"))
    assert [ticket["number"] for ticket in await desk.all(TICKETS)] == [1, 2]
    assert [ticket["number"] for ticket in await neighbour.all(TICKETS)] == [1]


async def test_the_same_bytes_again_change_nothing(desk: Desk) -> None:
    first = mail("Printer").attach("a.txt", b"hello")
    (once,) = await desk.ingest(first)
    (twice,) = await desk.ingest(first)
    assert (once.new, twice.new) == (True, False)
    assert len(await desk.all(TICKETS)) == len(await desk.all(COMMENTS)) == len(await desk.documents()) == 1


async def test_a_reply_joins_the_ticket_of_what_it_answers(desk: Desk) -> None:
    first = mail("Printer")
    reply = mail().reply_to(first).attach("photo.jpg", b"jpg")
    await desk.ingest(first, reply, mail("Other").reply_to(reply))
    assert len(await desk.all(TICKETS)) == 1
    assert len(await desk.all(COMMENTS)) == 3


async def test_a_reply_that_comes_first_opens_its_own_ticket(desk: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(mail().reply_to(first), first)
    assert len(await desk.all(TICKETS)) == 2


async def test_a_reply_at_the_end_of_a_long_thread_is_known_by_the_mail_that_began_it(desk: Desk) -> None:
    first = mail("Printer")
    between = "".join(f" <{number}@elsewhere.example>" for number in range(150))
    await desk.ingest(first, mail("Re: Printer").header("References", first.message_id + between))
    assert len(await desk.all(TICKETS)) == 1


async def test_in_reply_to_wins_over_references(desk: Desk) -> None:
    one, two = mail("One"), mail("Two")
    both = replace(mail("Both"), references=(two.message_id, one.message_id))
    await desk.ingest(one, two, both)
    (*_, last) = await desk.all(COMMENTS)
    (first, _) = await desk.all(TICKETS)
    assert last["ticket_id"] == first["ticket_id"]


async def test_a_reply_in_another_tenant_does_not_find_our_ticket(desk: Desk, neighbour: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(first)
    await neighbour.ingest(mail().reply_to(first))
    assert len(await neighbour.all(TICKETS)) == 1


async def test_a_number_in_the_subject_counts_only_for_who_takes_part(desk: Desk) -> None:
    await desk.ingest(mail("Printer", sender="ann@customer.example"))
    await desk.ingest(mail("Re: [#1] Printer", sender="Ann <ANN@customer.example>"))
    await desk.ingest(mail("[#4711] Re: [#1] Printer, as our own desk marks it", sender="ann@customer.example"))
    await desk.ingest(mail("Re: [#1] Printer", sender="eve@elsewhere.example"))
    assert [ticket["number"] for ticket in await desk.all(TICKETS)] == [1, 2]


async def test_a_reply_opens_a_closed_ticket_again(desk: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(first)
    await desk.all("UPDATE tickets SET status = 'closed' WHERE tenant = %(tenant)s")
    await desk.ingest(mail().reply_to(first))
    assert [ticket["status"] for ticket in await desk.all(TICKETS)] == ["open"]


async def test_what_no_person_wrote_leaves_a_closed_ticket_closed(desk: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(first)
    await desk.all("UPDATE tickets SET status = 'closed' WHERE tenant = %(tenant)s")
    await desk.ingest(mail("Out of office").reply_to(first).header("Auto-Submitted", "auto-replied"))
    assert len(await desk.all(COMMENTS)) == 2
    assert [ticket["status"] for ticket in await desk.all(TICKETS)] == ["closed"]
    await desk.ingest(mail("By the list").reply_to(first).header("List-Id", "<desk.shop.example>"))
    assert [ticket["status"] for ticket in await desk.all(TICKETS)] == ["open"]


async def test_who_is_new_to_a_ticket_is_marked(desk: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(first, mail().reply_to(first), mail(sender="eve@elsewhere.example").reply_to(first))
    assert [comment["author_is_new"] for comment in await desk.all(COMMENTS)] == [False, False, True]


async def test_automatic_mail_is_filed_and_marked(desk: Desk) -> None:
    await desk.ingest(mail("Out of office").header("Auto-Submitted", "auto-replied"))
    assert [comment["automatic"] for comment in await desk.all(COMMENTS)] == [True]


async def test_the_same_mail_by_two_ways_is_filed_once_and_keeps_its_files_once(desk: Desk) -> None:
    first = mail("Printer").attach("a.txt", b"hello")
    await desk.ingest(first, first.header("X-Received-By", "another mailbox"))
    assert [email["status"] for email in await desk.all(EMAILS)] == ["filed", "duplicate"]
    assert len(await desk.all(COMMENTS)) == 1
    assert await desk.documents() == {"a.txt": b"hello"}
    rows = await desk.all(
        "SELECT status, reason, document_id FROM email_processed_attachments WHERE tenant = %(tenant)s"
        " ORDER BY status DESC"
    )
    assert [(row["status"], row["reason"]) for row in rows] == [("stored", None), ("skipped", "duplicate")]
    assert rows[0]["document_id"] == rows[1]["document_id"]


async def test_a_copy_that_comes_later_points_to_the_documents_of_the_first(desk: Desk) -> None:
    first = mail("Printer").attach("a.txt", b"same").attach("b.txt", b"same")
    await desk.ingest(first)
    await desk.ingest(first.header("X-Received-By", "another mailbox"))
    assert sorted(row["status"] for row in await desk.all(LEDGER)) == ["skipped", "skipped", "stored", "stored"]
    assert len(await desk.documents()) == 2


async def test_a_forged_message_id_makes_no_mail_vanish(desk: Desk) -> None:
    first = mail("Printer", message_id="<same@customer.example>")
    await desk.ingest(first, mail("Another", text="Something else", message_id="<same@customer.example>"))
    assert len(await desk.all(COMMENTS)) == 2


async def test_mails_without_a_message_id_are_never_merged(desk: Desk) -> None:
    bare = b"From: a@b.example\r\nSubject: Hello\r\n\r\nHi\r\n"
    await desk.ingest(bare, b"X-Other: 1\r\n" + bare)
    assert len(await desk.all(TICKETS)) == 2


async def test_what_is_no_mail_is_refused_and_not_kept(desk: Desk) -> None:
    with pytest.raises(NotAMessage):
        await desk.receive(b"\x00\x01 no header here")
    assert await desk.all(EMAILS) == []


async def test_a_message_over_the_limit_is_refused_whole(desk: Desk) -> None:
    small = Desk(replace(desk.context, max_message_bytes=len(mail("Printer").raw())), desk.tenant)
    with pytest.raises(MessageTooLarge):
        await small.receive(mail("Printer").raw() + b"x" * 100)
    assert await desk.all(EMAILS) == []


async def test_the_original_is_kept_when_wanted(desk: Desk) -> None:
    raw = mail("Printer").raw()
    await Desk(replace(desk.context, keep_original=True), desk.tenant).ingest(raw)
    ledger = await desk.ledger()
    assert ledger["Printer.eml"]["attachment_id"] == "original"
    assert await desk.documents() == {"Printer.eml": raw}


async def test_hostile_text_is_filed_as_it_can_be(desk: Desk) -> None:
    await desk.ingest(
        b"From: =?utf-8?q?=00?= <x\x00@y.example>\r\nSubject: =?utf-16?b?2AA=?= \xff\x00\r\nMessage-ID: <"
        + b"a" * 100_000
        + b">\r\nReferences: "
        + b"<x@y> " * 50_000
        + b"\r\n\r\nbody \x00\xff\r\n"
    )
    (email,) = await desk.all(EMAILS)
    assert email["status"] == "filed"
