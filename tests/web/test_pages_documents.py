"""A ticket's documents: what is shown of each, looked at in a sandbox, and never more statements for more of them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString
from urllib.parse import quote
from uuid import UUID

import pytest

from maildock import wiring
from maildock.flow.context import Context
from maildock.settings import Settings
from maildock.tables.session import Database, Params, TenantSession
from maildock.tables.tenants import Tenant
from maildock.worker.worker import Worker
from tests.desk import Desk
from tests.mail import Mail, mail
from tests.web.server import serving
from tests.web.visitor import Visitor, hidden, person

PNG = b"\x89PNG\r\n\x1a\n picture"
VAGUE = "application/octet-stream"


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "ann@shop.example")


def path_of(page: str, name: str) -> str:
    found = re.search(rf'href="(/tickets/\d+/documents/[-0-9a-f]+)"[^>]*><bdi>{re.escape(name)}<', page)
    assert found, name
    return found[1]


async def test_a_document_says_what_it_is_and_where_it_came_from(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer", sender="ada@customer.example").attach("a.pdf", b"%PDF-1.4"))
    page = await ann.text("/tickets/1")
    assert "PDF · 8 bytes" in page
    assert 'title="The mail: Printer"><bdi>ada@customer.example</bdi>' in page
    assert "<summary" in page
    assert (await desk.ledger())["a.pdf"]["sha256"] in page


async def test_the_same_file_is_shown_once_with_all_its_arrivals(ann: Visitor, desk: Desk) -> None:
    first = mail("Printer").attach("logo.png", PNG)
    await desk.ingest(first, *(mail(text=f"{n}").reply_to(first).attach(f"logo{n}.png", PNG) for n in range(2)))
    page = await ann.text("/tickets/1")
    assert "Came 3 times" in page
    assert page.count('class="name" id=') == 1
    for name in ("logo.png", "logo0.png", "logo1.png"):
        assert (await ann.get(path_of(page, name))).body == PNG


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("a.png", "image/png"), ("a.txt", "text/plain"), ("a.log", "text/plain"), ("a.json", "text/plain")],
)
@pytest.mark.parametrize("vague", [False, True])
async def test_a_preview_is_the_bytes_in_a_sandbox(
    ann: Visitor, desk: Desk, name: str, content_type: str, *, vague: bool
) -> None:
    await desk.ingest(mail("Printer").attach(name, PNG, VAGUE if vague else ""))
    path = path_of(await ann.text("/tickets/1"), name)
    view = await ann.get(f"{path}/view")
    assert '<iframe class="preview' in view.body.decode()
    assert "frame-src 'self'" in view.headers["content-security-policy"]
    shown = await ann.get(f"{path}/content")
    assert shown.body == PNG
    assert shown.headers["content-type"] == content_type
    assert shown.headers["content-disposition"].startswith("inline")
    assert shown.headers["x-content-type-options"] == "nosniff"
    policy = shown.headers["content-security-policy"]
    assert policy.endswith("; sandbox")
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("content_type", ["application/pdf", VAGUE])
async def test_a_pdf_is_lent_to_a_reader_that_has_nothing(ann: Visitor, desk: Desk, content_type: str) -> None:
    await desk.ingest(mail("Printer").attach("a.pdf", b"%PDF-1.4", content_type))
    path = path_of(await ann.text("/tickets/1"), "a.pdf")
    view = await ann.text(f"{path}/view")
    assert re.search(r'<iframe class="preview pdf" data-reader="/reader" [^>]* sandbox="allow-scripts">', view)
    # By itself it would be opened by whatever the browser has for PDFs.
    assert (await ann.get(f"{path}/content")).status == 404
    ann.cookies.clear()
    reader = await ann.get("/reader")
    assert (reader.status, "set-cookie" in reader.headers) == (200, False)
    assert reader.headers["content-security-policy"].endswith("; sandbox allow-scripts")


async def test_a_text_says_that_it_is_utf_8_only_if_it_is(ann: Visitor, desk: Desk) -> None:
    text = "Gr\u00fc\u00dfe " * 100_000
    await desk.ingest(mail("Notes").attach("a.txt", text.encode()).attach("b.txt", text.encode("latin-1")))
    page = await ann.text("/tickets/1")
    types = [(await ann.get(path_of(page, name) + "/content")).headers["content-type"] for name in ("a.txt", "b.txt")]
    assert types == ["text/plain; charset=utf-8", "text/plain"]


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.xml", "a.js", "a.xhtml", "a.eml", "a.zip", "a.mht"])
async def test_what_could_run_is_not_previewed(ann: Visitor, desk: Desk, name: str) -> None:
    await desk.ingest(mail("Printer").attach(name, b"<script>alert(1)</script>"))
    page = await ann.text("/tickets/1")
    assert "Preview" not in page
    path = path_of(page, name)
    assert "No preview" in await ann.text(f"{path}/view")
    assert (await ann.get(f"{path}/content")).status == 404


def with_logo() -> Mail:
    html = '<p>Hello</p><img src="cid:logo" alt="Our logo"><img src="https://track.example/1.gif">'
    return mail("Printer").html(html).inline("logo.png", PNG, cid="logo")


async def test_an_inline_picture_that_is_kept_stands_in_its_mail(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(with_logo())
    assert '<span class="picture">Our logo</span>' in await ann.text("/tickets/1")
    page = await ann.text("/tickets/1")
    fields = {name: hidden(page, name) for name in ("csrf", "provider_id", "email_id", "attachment_id")}
    await ann.post("/tickets/1/attachments/retry", fields)
    await Worker(desk.context).drain(asyncio.Event())
    shown = re.search(r'<img [^>]*src="(/tickets/1/documents/[-0-9a-f]{36})"', await ann.text("/tickets/1"))
    assert shown
    assert (await ann.get(shown[1])).body == PNG


async def test_pictures_from_elsewhere_wait_until_they_are_asked_for(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(with_logo())
    for path in ("/tickets/1", await _comment_path(desk)):
        quiet = await ann.get(path)
        assert b"https://track.example" not in quiet.body
        assert "img-src 'self' data:;" in quiet.headers["content-security-policy"]
        asked = await ann.get(loading(quiet.body.decode())[0])
        assert b'<img src="https://track.example/1.gif"' in asked.body
        assert "img-src 'self' data: https: http:;" in asked.headers["content-security-policy"]
        assert "script-src 'self';" in asked.headers["content-security-policy"]


def loading(page: str) -> list[str]:
    """Give where the links lead that load pictures."""
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"#]*pictures=[^"#]*)#', page)]


async def test_pictures_are_loaded_for_one_mail_and_by_no_link_in_a_mail(
    ann: Visitor, desk: Desk, context: Context
) -> None:
    first = with_logo()
    await desk.ingest(first, mail().html('<p>Hi</p><img src="https://evil.example/2.gif">').reply_to(first))
    links = loading(await ann.text("/tickets/1"))
    assert len(links) == 2
    for link, (loaded, other) in zip(links, (("track", "evil"), ("evil", "track")), strict=True):
        page = await ann.text(link)
        assert (f"https://{loaded}.example" in page, f"https://{other}.example" in page) == (True, False)
        # The other one's are loaded beside these, or these are hidden again.
        both = await ann.text(loading(page)[0])
        assert ("https://track.example" in both, "https://evil.example" in both) == (True, True)
        assert len(hiding := re.findall(r'href="([^"]+)">Hide them again', both)) == 2
        assert "https://track.example" not in await ann.text(hiding[0].replace("&amp;", "&").partition("#")[0])
    eve = await person(context, desk.tenant, ann.origin, "eve@shop.example")
    comment = links[0].partition("pictures=")[2].partition(".")[0]
    for forged in (
        links[0],
        f"/tickets/1?pictures={comment}",
        f"/tickets/1?pictures={comment}.",
        "/tickets/1?pictures=\u00e9",
    ):
        assert "https://track.example" not in await eve.text(quote(forged, safe="/?=&."))


async def _comment_path(desk: Desk) -> str:
    (row,) = await desk.all("SELECT comment_id FROM comments WHERE tenant = %(tenant)s")
    return f"/tickets/1/comments/{row['comment_id']}"


async def test_what_is_under_way_is_counted(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a").attach("b.txt", b"b").attach("c.txt", b"c"))
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'failed', reason = 'unavailable', attempts = 1,"
        " next_attempt_at = now() + interval '40 seconds' WHERE tenant = %(tenant)s AND file_name = 'c.txt'"
    )
    await desk.all(
        "DELETE FROM document_associations AS e USING documents AS d WHERE e.tenant = %(tenant)s"
        " AND d.tenant = %(tenant)s AND d.document_id = e.document_id AND d.name = 'c.txt'"
    )
    page = " ".join(re.sub("<[^>]*>", "", await ann.text("/tickets/1")).split())
    assert re.search(r"2 of 3 stored, 1 retrying \(The mail provider did not answer, next try in (39|40) s\)", page)
    await desk.all(
        "UPDATE email_processed_attachments SET error_message = 'Graph answers 504 UnknownError (request-id x)'"
        " WHERE tenant = %(tenant)s AND file_name = 'c.txt'"
    )
    page = " ".join(re.sub("<[^>]*>", "", await ann.text("/tickets/1")).split())
    assert "1 retrying (provider answered 504, next try in" in page


class Counting(TenantSession):
    """A session that counts what it sends."""

    sent = 0

    async def execute(self, statement: LiteralString, params: Params | None = None) -> int:
        Counting.sent += 1
        return await super().execute(statement, params)

    async def all(self, row: type[Any], statement: LiteralString, params: Params | None = None) -> list[Any]:
        Counting.sent += 1
        return await super().all(row, statement, params)

    async def values(self, statement: LiteralString, params: Params | None = None) -> list[tuple[Any, ...]]:
        Counting.sent += 1
        return await super().values(statement, params)


class CountingDatabase(Database):
    """A database whose sessions count."""

    @asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[TenantSession]:
        async with super().tenant(tenant) as session:
            yield Counting(session._connection, tenant)  # noqa: SLF001


async def test_many_documents_and_comments_take_no_more_statements(
    settings: Settings, owner_dsn: str, tenant: Tenant, desk: Desk
) -> None:
    small = mail("Small").attach("a.txt", b"a")
    large = mail("Large")
    for number in range(10):
        large = large.attach(f"{number}.txt", b"%d" % number)
    await desk.ingest(small, large, *(mail(text=f"{n}").reply_to(large) for n in range(99)))
    await desk.all(MORE_DOCUMENTS)
    async with (
        wiring.open_context(settings, wiring.dsns(settings, owner_dsn), database_class=CountingDatabase) as context,
        serving(context) as origin,
    ):
        ann = await person(context, tenant, origin, "ann@shop.example")
        counts, page = [], ""
        for number in (1, 2):
            Counting.sent = 0
            page = await ann.text(f"/tickets/{number}")
            counts.append(Counting.sent)
        assert 'Documents <span class="count">300<' in page
        assert 'Conversation <span class="count">100<' in page
    assert counts[0] == counts[1] <= 8


MORE_DOCUMENTS: LiteralString = """
WITH template AS (
    SELECT e.entity_id, d.file_id, d.created_by FROM document_associations AS e
    JOIN documents AS d ON d.tenant = %(tenant)s AND d.document_id = e.document_id
    JOIN tickets AS t ON t.tenant = %(tenant)s AND t.ticket_id = e.entity_id AND t.number = 2
    WHERE e.tenant = %(tenant)s LIMIT 1
), made AS (
    INSERT INTO documents (tenant, document_id, file_id, name, created_by)
    SELECT %(tenant)s, gen_random_uuid(), file_id, 'more ' || n, created_by
    FROM template CROSS JOIN generate_series(1, 290) AS n RETURNING document_id, created_by
)
INSERT INTO document_associations (tenant, association_id, document_id, entity_type, entity_id, created_by)
SELECT %(tenant)s, gen_random_uuid(), document_id, 'ticket', template.entity_id, made.created_by
FROM made CROSS JOIN template
"""
