import dataclasses

import pytest

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import TICKETS, Desk
from tests.mail import mail
from tests.web.server import serving
from tests.web.visitor import Visitor, person


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "ann@shop.example")


async def test_every_mail_is_listed_with_its_ticket(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer", sender="ada@customer.example"))
    await desk.receive(mail("Not filed yet"))
    page = await ann.text("/mail")
    for shown in ("Printer", "ada@customer.example", 'href="/tickets/1"', "Filed", "(not read yet)"):
        assert shown in page
    assert "Printer" not in await ann.text("/mail?status=received")
    assert "No gone mail" in await ann.text("/mail?status=gone")
    assert (await ann.get("/mail?status=x")).status == 400


async def test_a_mail_that_failed_says_why(ann: Visitor, desk: Desk) -> None:
    await desk.receive(mail("Printer"))
    await desk.all(
        "UPDATE email_processed_messages SET status = 'failed', error_message = 'the disk <is> full',"
        " next_attempt_at = now() WHERE tenant = %(tenant)s"
    )
    page = await ann.text("/mail?status=failed")
    assert "The disk &lt;is&gt; full" in page
    assert "next attempt" in page


async def test_an_uploaded_mail_becomes_a_ticket_once(ann: Visitor, desk: Desk) -> None:
    raw = mail("Printer").attach("big.bin", b"x" * 300_000).raw()
    csrf = await ann.csrf()
    assert (await ann.upload("/mail", csrf, "a.eml", raw)).headers["location"] == "/mail?taken=new"
    assert "The mail was taken in" in await ann.text("/mail?taken=new")
    assert (await ann.upload("/mail", csrf, "a.eml", raw)).headers["location"] == "/mail?taken=known"
    await desk.ingest(raw)
    assert [row["subject"] for row in await desk.all(TICKETS)] == ["Printer"]
    assert set(await desk.documents()) == {"big.bin"}


async def test_an_upload_that_is_no_mail_is_refused(ann: Visitor) -> None:
    answer = await ann.upload("/mail", await ann.csrf(), "a.eml", b"\x89PNG no header line here")
    assert answer.status == 422
    assert b"That file is not a mail" in answer.body


async def test_an_upload_beyond_the_limit_is_refused(context: Context, ann: Visitor) -> None:
    async with serving(dataclasses.replace(context, max_message_bytes=100_000)) as origin:
        small = Visitor(origin, ann.cookies)
        for size in (100_001, 300_000):
            answer = await small.upload("/mail", await small.csrf(), "a.eml", b"Subject: x\r\n\r\n" + b"x" * size)
            assert answer.status == 413
            assert b"larger than this installation takes" in answer.body


async def test_an_upload_without_our_form_is_refused(ann: Visitor, desk: Desk) -> None:
    assert (await ann.upload("/mail", "0" * 64, "a.eml", mail("Printer").raw())).status == 403
    assert (await ann.post("/mail", {"csrf": await ann.csrf(), "file": "x"})).status == 400
    assert (await Visitor(ann.origin).upload("/mail", "", "a.eml", mail("Printer").raw())).status == 303
    assert await desk.all("SELECT email_id FROM email_processed_messages WHERE tenant = %(tenant)s") == []


async def test_the_mailboxes_tell_how_they_do(context: Context, tenant: Tenant, origin: str, desk: Desk) -> None:
    root = await person(context, tenant, origin, "root@shop.example", admin=True)
    await desk.ingest(mail("Printer").attach("a.txt", b"a"))
    assert ">ok<" in await root.text("/providers")
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'dead', reason = 'corrupt' WHERE tenant = %(tenant)s"
    )
    page = await root.text("/providers")
    assert "degraded" in page
    assert "What to do:" in page
