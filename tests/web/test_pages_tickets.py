import asyncio
import io
import re
import zipfile
from uuid import uuid4

import pytest

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from maildock.worker.worker import Worker
from tests.desk import DOCUMENTS, TICKETS, Desk
from tests.mail import Mail, mail
from tests.web.test_pages_sanitise import ATTACKS
from tests.web.visitor import Visitor, hidden, person

LOGO = b"\x89PNG\r\n\x1a\n logo"


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "ann@shop.example")


@pytest.fixture
async def bob(context: Context, other_tenant: Tenant, origin: str) -> Visitor:
    return await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)


def with_logo() -> Mail:
    html = '<p>Hello <b>desk</b></p><img src="cid:logo" alt="Our logo"><img src="https://track.example/1.gif">'
    return mail("Printer").html(html).inline("logo.png", LOGO, cid="logo").attach("photo.jpg", b"pixels")


async def test_the_list_shows_what_could_not_be_stored(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a"))
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'dead', reason = 'corrupt' WHERE tenant = %(tenant)s"
    )
    assert "1 not stored" in await ann.text("/")
    assert "Its bytes are damaged." in await ann.text("/tickets/1")


async def test_a_ticket_is_closed_and_opened_again(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer"))
    for status, here, gone in (("closed", "/?status=closed", "/"), ("open", "/", "/?status=closed")):
        answer = await ann.post("/tickets/1/status", {"csrf": await ann.csrf(), "status": status})
        assert answer.headers["location"] == "/tickets/1"
        assert "Printer" in await ann.text(here)
        assert "Printer" not in await ann.text(gone)
        assert "Printer" in await ann.text("/?status=all")


async def test_a_ticket_shows_what_was_said_and_by_whom(ann: Visitor, desk: Desk) -> None:
    first = mail("Printer", sender="Ada Byron <ada@customer.example>", text="It is on fire.")
    reply = (
        mail(sender="Eve <eve@elsewhere.example>", text="Put it out.").reply_to(first).header("Auto-Submitted", "yes")
    )
    await desk.ingest(first, reply)
    page = await ann.text("/tickets/1")
    assert page.index("It is on fire.") < page.index("Put it out.")
    assert page.count("new to this ticket") == 1
    assert page.index("It is on fire.") < page.index("new to this ticket")
    assert "automatic</span>" in page


async def test_an_html_mail_is_shown_without_what_is_dangerous(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(with_logo())
    page = await ann.text("/tickets/1")
    assert "<p>Hello <b>desk</b></p>" in page
    assert "track.example" not in page
    assert "1 picture from elsewhere is not loaded" in page


async def test_the_quoted_history_of_a_plain_mail_is_folded(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer", text="Mine.\n\n> Theirs."))
    await desk.all("UPDATE comments SET reply_text = 'Mine.' WHERE tenant = %(tenant)s")
    own, _, rest = (await ann.text("/tickets/1")).partition("<summary>Show quoted text</summary>")
    assert "Mine." in own
    assert "Theirs." not in own
    assert "&gt; Theirs." in rest


async def test_web_addresses_in_a_plain_mail_are_links(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer", text='See https://a.example/?b=1&c="x, or (https://b.example/).'))
    links = re.findall(
        r'<a href="(https:[^"]*)" rel="noopener noreferrer nofollow" target', await ann.text("/tickets/1")
    )
    assert links == ["https://a.example/?b=1&amp;c=", "https://b.example/"]


async def test_a_long_mail_is_cut_and_has_a_page_of_its_own(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer", text="word " * 20_000 + "the end"))
    page = await ann.text("/tickets/1")
    whole = re.search(r"/tickets/1/comments/[-0-9a-f]{36}", page)
    assert whole
    assert "the end" not in page
    assert "the end" in await ann.text(whole[0])
    assert (await ann.get(f"/tickets/1/comments/{uuid4()}")).status == 404


async def test_a_long_conversation_shows_its_latest_mails_first(ann: Visitor, desk: Desk) -> None:
    first = mail("Printer", text="mail 0.")
    await desk.ingest(first, *(mail(text=f"mail {number}.").reply_to(first) for number in range(1, 53)))
    page = await ann.text("/tickets/1")
    assert re.findall(r"mail (\d+)\.", page) == [str(number) for number in range(3, 53)]
    earlier = re.search(r'href="(/tickets/1\?before=[^"]*)"', page)
    assert earlier
    assert re.findall(r"mail (\d+)\.", await ann.text(earlier[1])) == ["0", "1", "2"]


async def test_a_document_is_downloaded_as_it_came(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("Übersicht.csv", b"a;b\r\n"))
    page = await ann.text("/tickets/1")
    link = re.search(r'href="(/tickets/1/documents/[^"]*)"[^>]*><bdi>Übersicht.csv', page)
    assert link
    answer = await ann.get(link[1])
    assert (answer.status, answer.body) == (200, b"a;b\r\n")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (await ann.get(link[1], Range="bytes=2-2")).body == b"b"


async def test_a_file_that_the_store_has_lost_is_no_blank_page(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a"))
    (document,) = await desk.all(DOCUMENTS)
    await desk.context.store.delete(document["storage_key"])
    answer = await ann.get(f"/tickets/1/documents/{document['document_id']}")
    assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert b"The file store does not have this file" in answer.body


async def test_all_documents_come_in_one_archive(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"first").attach("a.txt", b"second"))
    answer = await ann.get("/tickets/1/documents.zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert sorted(archive.read(name) for name in archive.namelist()) == [b"first", b"second"]


async def test_a_skipped_picture_is_stored_when_somebody_wants_it(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(with_logo())
    page = await ann.text("/tickets/1")
    assert "It is a picture that the mail shows within its text" in page
    fields = {name: hidden(page, name) for name in ("csrf", "provider_id", "email_id", "attachment_id")}
    assert (await ann.post("/tickets/1/attachments/retry", fields)).headers["location"] == "/tickets/1#documents"
    assert "data-moving" in await ann.text("/tickets/1/documents")
    await Worker(desk.context).drain(asyncio.Event())
    assert (await desk.documents())["logo.png"] == LOGO
    assert "data-moving" not in await ann.text("/tickets/1/documents")


async def test_a_part_is_retried_only_through_its_own_ticket(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(with_logo(), mail("Another"))
    fields = {name: hidden(await ann.text("/tickets/1"), name) for name in ("csrf", "provider_id", "email_id")}
    for number, part, status in (("2", "2", 404), ("1", "99", 404), ("1", "\x00", 400)):
        answer = await ann.post(f"/tickets/{number}/attachments/retry", {**fields, "attachment_id": part})
        assert answer.status == status
    bad = {**fields, "provider_id": "x", "attachment_id": "1"}
    assert (await ann.post("/tickets/1/attachments/retry", bad)).status == 400


async def test_another_tenants_ticket_is_as_good_as_none(ann: Visitor, bob: Visitor, desk: Desk) -> None:
    await desk.ingest(with_logo())
    (document,) = await desk.all(DOCUMENTS)
    page = await ann.text("/tickets/1")
    assert "Printer" not in await bob.text("/")
    assert "Printer" not in await bob.text("/mail")
    for path in ("", "/documents", "/documents.zip", f"/documents/{document['document_id']}", f"/comments/{uuid4()}"):
        theirs, nobodys = await bob.get(f"/tickets/1{path}"), await bob.get(f"/tickets/99{path}")
        assert (theirs.status, theirs.body) == (404, nobodys.body), path
    fields = {name: hidden(page, name) for name in ("provider_id", "email_id", "attachment_id")}
    for path, sent in (("attachments/retry", fields), ("status", {"status": "closed"})):
        assert (await bob.post(f"/tickets/1/{path}", {"csrf": await bob.csrf(), **sent})).status == 404
    assert (await desk.all(TICKETS))[0]["status"] == "open"
    assert (await desk.ledger())["logo.png"]["status"] == "skipped"


async def test_a_document_of_another_ticket_is_not_found(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a"), mail("Another"))
    (document,) = await desk.all(DOCUMENTS)
    assert (await ann.get(f"/tickets/2/documents/{document['document_id']}")).status == 404


@pytest.mark.parametrize(
    "number", ["0", "2", "2147483647", "2147483648", "9" * 5000, "-1", "1x", "%C2%B2", "%00", "1%2F1"]
)
async def test_a_number_that_no_ticket_has_is_not_found(ann: Visitor, desk: Desk, number: str) -> None:
    await desk.ingest(mail("Printer"))
    answer = await ann.get(f"/tickets/{number}")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_a_stranger_writes_is_only_ever_text(ann: Visitor, desk: Desk) -> None:
    html = "".join(ATTACKS)
    hostile = mail(
        "<script>alert('subject')</script>", sender='"<img src=x onerror=alert(1)>" <"><svg/onload=x>"@a.example>'
    )
    hostile = hostile.html(html).attach("<img src=x onerror=alert(2)>.html", b"x").attach("\u202etxt.exe", b"y")
    plain = mail("<svg onload=alert(1)>", text="<script>alert('text')</script>")
    await desk.ingest(hostile, plain)
    for path in ("/", "/tickets/1", "/tickets/2", "/tickets/1/documents", "/mail"):
        page = await ann.text(path)
        assert not re.search(r"<[^>]*\son[a-z]+\s*=", page), path
        assert not re.search(r"<[^>]*(javascript|data|vbscript):", page), path
        scripts = re.findall(r"<script[^>]*>", page)
        assert scripts == re.findall(r'<script src="/static/[a-z/.]+\.js\?v=[0-9a-f]+" defer>', page), path
        assert "\u202e" not in page


async def test_every_page_says_what_a_browser_may_do(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer"))
    for path in ("/", "/login", "/mail", "/tickets/1", "/tickets/99", "/nowhere"):
        headers = (await ann.get(path)).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


async def test_people_get_a_page_where_programs_get_a_problem(ann: Visitor) -> None:
    page, problem = await ann.get("/nowhere"), await ann.get("/api/v1/nowhere")
    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert (problem.status, problem.headers["content-type"]) == (404, "application/problem+json")


async def test_static_files_are_kept_by_browsers(ann: Visitor) -> None:
    style = re.search(
        r'href="(/static/app\.css[^"]*)"', await ann.text("/login?next=/") if not ann.cookies else await ann.text("/")
    )
    assert style
    answer = await ann.get(style[1])
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]
    assert (await ann.get("/static/../sanitise.py")).status == 404


@pytest.mark.parametrize("path", ["/tickets/999", "/tickets/none", "/dashboard"])
async def test_an_error_leaves_the_navigation_to_whoever_is_logged_in(ann: Visitor, path: str) -> None:
    answer = await ann.get(path)
    assert answer.status in (403, 404, 422)
    assert b'aria-label="Pages"' in answer.body
    assert b'href="/people"' not in answer.body


async def test_an_error_shows_a_stranger_no_navigation(origin: str) -> None:
    assert b'aria-label="Pages"' not in (await Visitor(origin).get("/nowhere")).body
