"""The log of all mail: what it shows, how it narrows, and what a person can do about a mail or a part."""

import re
from html import unescape
from urllib.parse import quote, urlencode

import pytest

from maildock.domain.ids import file_provider_id
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import EMAILS, Desk
from tests.mail import Mail, mail
from tests.web.visitor import Visitor, person

LOGO = b"\x89PNG\r\n\x1a\n logo"
FAIL = (
    "UPDATE email_processed_messages SET status = %(status)s, error_message = 'the disk <is> full', attempts = 2,"
    " outages = 1, next_attempt_at = now() + interval '1 hour' WHERE tenant = %(tenant)s AND email_id = %(email_id)s"
)


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "ann@shop.example")


@pytest.fixture
async def root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


def with_logo() -> Mail:
    html = '<p>Hello</p><img src="cid:logo" alt="Our logo">'
    return mail("Printer").html(html).inline("logo.png", LOGO, cid="logo").attach("photo.jpg", b"pixels")


def one(desk: Desk, email_id: str, page: str = "message") -> str:
    query = urlencode({"provider": file_provider_id(desk.tenant.tenant), "email": email_id})
    return f"/mail/{page}?{query}"


async def retry(visitor: Visitor, desk: Desk, email_id: str, **fields: str) -> int:
    given = {"provider_id": str(file_provider_id(desk.tenant.tenant)), "email_id": email_id, **fields}
    return (await visitor.post("/mail/retry", {"csrf": await visitor.csrf(), **given})).status


async def test_the_list_counts_a_mails_parts_and_leads_to_it(ann: Visitor, desk: Desk) -> None:
    (receipt,) = await desk.ingest(with_logo())
    page = await ann.text("/mail")
    assert f'href="{one(desk, receipt.email_id).replace("&", "&amp;")}"' in page
    for shown in (">1 stored<", ">1 left out<", ">ticket #1<"):
        assert shown in page


async def test_a_mails_page_tells_each_part_with_its_reason(ann: Visitor, desk: Desk) -> None:
    (receipt,) = await desk.ingest(with_logo())
    page = await ann.text(one(desk, receipt.email_id))
    assert "a picture that the mail shows" in page
    assert re.search(r'href="/tickets/1/documents/[0-9a-f-]{36}" download><bdi>photo.jpg', page)
    assert "It is on its ticket." in page


async def test_a_failed_mail_tells_its_error_its_tries_and_the_next(ann: Visitor, desk: Desk) -> None:
    receipt = await desk.receive(mail("Printer"))
    await desk.all(FAIL, status="failed", email_id=receipt.email_id)
    page = await ann.text(one(desk, receipt.email_id))
    for shown in ("The disk &lt;is&gt; full", "3 times", "Next try", "Its files are listed once"):
        assert shown in page
    assert "tried 3 times, next attempt" in await ann.text("/mail")


async def test_a_removed_mailbox_is_marked_where_one_is_chosen(ann: Visitor, desk: Desk) -> None:
    assert "(removed)" not in await ann.text("/mail")
    await desk.all("UPDATE email_providers SET removed_at = now() WHERE tenant = %(tenant)s")
    for path in ("/mail", "/mail/parts"):
        assert "(removed)</option>" in await ann.text(path)


async def test_a_list_narrows_to_mailbox_status_and_time(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Today"), mail("Long ago"))
    await desk.all(
        "UPDATE email_processed_messages SET created_at = '2020-02-02 10:30+00'"
        " WHERE tenant = %(tenant)s AND subject = 'Long ago'"
    )
    box = file_provider_id(desk.tenant.tenant)
    for query, shown in {
        "from=2020-02-02T10:30&until=2020-02-02T10:30": {"Long ago"},
        "until=2020-02-02T10:29": set(),
        "from=2020-02-02T10:31": {"Today"},
        f"provider={box}&status=filed&until=2021-01-01": {"Long ago"},
        f"provider={box}": {"Today", "Long ago"},
        "provider=00000000-0000-0000-0000-000000000000": set(),
        "status=dead": set(),
        "status=broken": set(),
    }.items():
        page = await ann.text(f"/mail?{query}")
        assert {name for name in ("Today", "Long ago") if name in page} == shown, query


@pytest.mark.parametrize(
    "query",
    [
        "provider=x",
        "status=x",
        "from=x",
        "from=0001-01-01",
        "until=2020-01-01T00:00%2B99:00",
        "cursor=x",
        "until=9999-12-31T23:59",
    ],
)
@pytest.mark.parametrize("path", ["/mail", "/mail/parts"])
async def test_a_filter_that_makes_no_sense_is_refused(ann: Visitor, path: str, query: str) -> None:
    assert (await ann.get(f"{path}?{query}")).status == 400


async def test_pages_keep_their_filters(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(*(mail(f"Mail {number:02}").attach(f"{number:02}.txt", b"x") for number in range(52)))
    for path, status, pattern in (("/mail", "filed", r"Mail (\d\d)<"), ("/mail/parts", "stored", r">(\d\d)\.txt<")):
        page = await ann.text(f"{path}?status={status}&from=2020-01-01")
        found = re.findall(pattern, page)
        older = unescape(re.findall(r'href="([^"]+)">Older', page)[0])
        assert f"{path}?status={status}&from=2020-01-01&cursor=" in older
        rest = await ann.text(older)
        found += re.findall(pattern, rest)
        assert found == [f"{number:02}" for number in range(51, -1, -1)]
        assert "Older" not in rest


async def test_a_failed_mail_is_tried_again_by_its_button(ann: Visitor, desk: Desk) -> None:
    receipt = await desk.receive(mail("Printer"))
    for status in ("failed", "dead", "gone"):
        await desk.all(FAIL, status=status, email_id=receipt.email_id)
        assert "Try again" in await ann.text(one(desk, receipt.email_id))
        assert await retry(ann, desk, receipt.email_id) == 303
        (row,) = await desk.all(EMAILS)
        assert (row["status"], row["attempts"], row["outages"]) == ("received", 0, 0)


async def test_a_filed_mail_stays_as_it_is(ann: Visitor, desk: Desk) -> None:
    (receipt,) = await desk.ingest(mail("Printer"))
    before = await desk.all(EMAILS)
    assert "Try again" not in await ann.text(one(desk, receipt.email_id))
    assert await retry(ann, desk, receipt.email_id) == 303
    assert await desk.all(EMAILS) == before


async def test_a_skipped_part_is_stored_from_the_mails_page(ann: Visitor, desk: Desk) -> None:
    sent = with_logo()
    (receipt,) = await desk.ingest(sent)
    part = (await desk.ledger())["logo.png"]["attachment_id"]
    assert await retry(ann, desk, receipt.email_id, attachment_id=part) == 303
    await desk.ingest(sent)
    assert (await desk.documents())["logo.png"] == LOGO


async def test_only_an_admin_retries_everything(ann: Visitor, root: Visitor, desk: Desk) -> None:
    receipt = await desk.receive(mail("Printer"))
    await desk.all(FAIL, status="dead", email_id=receipt.email_id)
    assert "retry-all" not in await ann.text("/mail")
    assert (await ann.post("/mail/retry-all", {"csrf": await ann.csrf()})).status == 403
    assert [row["status"] for row in await desk.all(EMAILS)] == ["dead"]
    answer = await root.post("/mail/retry-all", {"csrf": await root.csrf()})
    assert answer.headers["location"] == "/mail?taken=retried"
    assert [row["status"] for row in await desk.all(EMAILS)] == ["received"]


async def test_nothing_is_retried_without_our_form(root: Visitor, desk: Desk) -> None:
    receipt = await desk.receive(mail("Printer"))
    await desk.all(FAIL, status="dead", email_id=receipt.email_id)
    fields = {"provider_id": str(file_provider_id(desk.tenant.tenant)), "email_id": receipt.email_id}
    for path in ("/mail/retry", "/mail/retry-all"):
        assert (await root.post(path, {"csrf": "0" * 64, **fields})).status == 403
    assert [row["status"] for row in await desk.all(EMAILS)] == ["dead"]
    csrf = await root.csrf()
    for wrong in ({"provider_id": "x"}, {"email_id": "a\x00"}):
        assert (await root.post("/mail/retry", {**fields, **wrong, "csrf": csrf})).status == 400


async def test_the_raw_mail_is_downloaded_and_never_shown(ann: Visitor, desk: Desk) -> None:
    raw = mail("<script>alert(1)</script>").html("<script>alert(1)</script>").raw()
    receipt = await desk.receive(raw)
    answer = await ann.get(one(desk, receipt.email_id, "raw"))
    assert answer.body == raw
    assert answer.headers["content-length"] == str(len(raw))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{receipt.email_id[:16]}.eml"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_raw_mail_that_is_kept_no_more_is_not_offered(ann: Visitor, desk: Desk) -> None:
    (receipt,) = await desk.ingest(mail("Printer"))
    await desk.all("UPDATE email_processed_messages SET raw_sha256 = NULL WHERE tenant = %(tenant)s")
    assert "no longer kept" in await ann.text(one(desk, receipt.email_id))
    assert (await ann.get(one(desk, receipt.email_id, "raw"))).status == 404


async def test_a_lost_raw_mail_is_our_fault(context: Context, ann: Visitor, desk: Desk) -> None:
    receipt = await desk.receive(mail("Printer"))
    await context.store.delete(f"{desk.tenant.tenant}/{receipt.email_id[:2]}/{receipt.email_id}")
    assert (await ann.get(one(desk, receipt.email_id, "raw"))).status == 503


@pytest.mark.parametrize("email_id", ["../../etc", "a/b//c?d#e&f=g", "<b>\"'", "\u202eabc", "x" * 900, "."])
async def test_any_id_of_a_provider_leads_to_its_mail(ann: Visitor, desk: Desk, email_id: str) -> None:
    await desk.receive(mail("Printer"))
    await desk.all("UPDATE email_processed_messages SET email_id = %(it)s WHERE tenant = %(tenant)s", it=email_id)
    page = await ann.text("/mail")
    (link,) = re.findall(r'href="(/mail/message[^"]+)"', page)
    assert quote(email_id[-5:], safe="/") in unescape(link)
    assert "Id at its provider" in await ann.text(unescape(link))
    assert "<b>" not in page


async def test_what_names_no_mail_is_not_found(ann: Visitor, desk: Desk) -> None:
    await desk.receive(mail("Printer"))
    box = file_provider_id(desk.tenant.tenant)
    for query in ("", f"provider={box}", f"provider={box}&email=%00", f"provider={box}&email=x", "provider=x&email=x"):
        for page in ("message", "raw"):
            assert (await ann.get(f"/mail/{page}?{query}")).status == 404, query
