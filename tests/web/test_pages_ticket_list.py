import re
from uuid import uuid4

import pytest

from maildock.flow.context import Context
from maildock.tables import tickets
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.mail import mail
from tests.web.visitor import Visitor, person


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "ann@shop.example")


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="row" href="/tickets/(\d+)"', page)]


async def test_an_empty_desk_says_how_to_send_a_mail_in(ann: Visitor, tenant: Tenant) -> None:
    page = await ann.text("/")
    assert f"maildock ingest message.eml --tenant {tenant.tenant}" in page
    assert 'href="/mail"' in page


async def test_the_list_tells_a_ticket_by_what_came(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer", sender="Ada Byron <ada@customer.example>").attach("a.txt", b"a"))
    page = await ann.text("/")
    for shown in ("#1", "Printer", "Ada Byron", "1 document<", "<time datetime="):
        assert shown in page


async def test_every_ticket_is_on_one_page_of_the_list(ann: Visitor, context: Context, tenant: Tenant) -> None:
    for number in range(120):
        async with context.database.tenant(tenant.tenant) as session:
            await tickets.create(session, uuid4(), f"Subject {number}", None, "")
    seen: list[str] = []
    path: str | None = "/"
    while path:
        page = await ann.text(path)
        seen += re.findall(r"Subject \d+", page)
        older = re.search(r'href="([^"]*cursor=[^"]*)"', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert seen == [f"Subject {number}" for number in reversed(range(120))]


@pytest.mark.parametrize("query", ["status=x", "cursor=x", "cursor=W10", "cursor=" + "A" * 3000])
async def test_an_address_that_makes_no_sense_is_refused(ann: Visitor, query: str) -> None:
    assert (await ann.get(f"/?{query}")).status == 400


async def test_a_search_finds_subject_sender_number_and_file_name(ann: Visitor, desk: Desk) -> None:
    first = mail("Printer on fire", sender="Ada Byron <ada@customer.example>").attach("Übersicht_2024.csv", b"a")
    reply = mail(sender="Eve <eve@elsewhere.example>").reply_to(first)
    await desk.ingest(first, mail("Screen is dark", sender="Bo <bo@customer.example>"), reply)
    for query in ("PRINT", "fire print", "ada@customer", "byron", "eve@elsewhere.example", "%231", "ubersicht", "csv"):
        assert numbers(await ann.text(f"/?q={query.replace(' ', '+')}")) == [1], query
    assert numbers(await ann.text("/?q=customer")) == [1, 2]
    assert numbers(await ann.text("/?q=customer+dark")) == [2]


async def test_a_ticket_is_found_by_its_number_alone(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(*(mail(f"Page {number} of 12") for number in range(3)))
    for query in ("%232", "%5B%232%5D"):
        assert numbers(await ann.text(f"/?q={query}")) == [2]
    assert numbers(await ann.text("/?q=%2312")) == []
    assert len(numbers(await ann.text("/?q=12"))) == 3
    # A bare number may mean more; the ticket that has it comes first.
    await desk.ingest(*(mail(f"2 chairs, order {number}") for number in range(60)))
    first = await ann.text("/?q=2")
    assert numbers(first)[0] == 2
    assert numbers(first).count(2) == 1
    assert numbers(await ann.text("/?q=2&status=closed")) == []


async def test_a_search_finds_words_of_other_scripts(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(
        mail("\u05de\u05d3\u05e4\u05e1\u05ea \u05e9\u05d1\u05d5\u05e8\u05d4"), mail("\u6253\u5370\u673a\u574f\u4e86")
    )
    assert numbers(await ann.text("/?q=%D7%A9%D7%91")) == [1]
    assert numbers(await ann.text("/?q=%E5%8D%B0%E6%9C%BA")) == [2]


async def test_a_search_that_finds_nothing_says_so(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer"))
    for query in ("rinter", "printer+fire", "!!!", "%25", "%00", "%ED%A0%80", "x" * 5000):
        page = await ann.text(f"/?q={query}")
        assert numbers(page) == []
        assert "Nothing found" in page
    assert "<script>" not in await ann.text("/?q=%3Cscript%3E")


async def test_search_status_and_page_stay_in_the_address(ann: Visitor, context: Context, tenant: Tenant) -> None:
    async with context.database.tenant(tenant.tenant) as session:
        for number in range(60):
            await tickets.create(session, uuid4(), f"Printer {'odd' if number % 2 else 'even'} {number}", None, "")
    page = await ann.text("/?q=printer&status=all")
    older = re.search(r'href="([^"]*cursor=[^"]*)"', page)
    assert older
    assert "status=all&amp;q=printer&amp;cursor=" in older[1]
    rest = await ann.text(older[1].replace("&amp;", "&"))
    assert sorted(numbers(page) + numbers(rest)) == list(range(1, 61))
    assert 'href="/?status=all&amp;q=printer">Back to the newest' in rest
    assert 'href="/?q=printer">Open' in rest


async def test_a_ticket_is_unread_until_this_person_opens_it(
    ann: Visitor, context: Context, tenant: Tenant, origin: str, desk: Desk
) -> None:
    bob = await person(context, tenant, origin, "bob@shop.example")
    first = mail("Printer")
    await desk.ingest(first)
    assert 'class="unread"' in await ann.text("/")
    await ann.text("/tickets/1")
    assert 'class="unread"' not in await ann.text("/")
    assert 'class="unread"' in await bob.text("/")
    await desk.ingest(mail(text="And another thing.").reply_to(first))
    assert 'class="unread"' in await ann.text("/")


async def test_all_tickets_are_marked_as_read(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer"), mail("Screen"))
    form = {"csrf": await ann.csrf(), "status": "all", "q": "a b"}
    assert (await ann.post("/tickets/read", form)).headers["location"] == "/?status=all&q=a+b"
    assert 'class="unread"' not in await ann.text("/")
    await desk.ingest(mail("Keyboard"))
    assert (await ann.text("/")).count('class="unread"') == 1


async def test_another_tenants_words_find_nothing(
    ann: Visitor, context: Context, other_tenant: Tenant, desk: Desk
) -> None:
    await Desk(context, other_tenant).ingest(mail("Secret printer"))
    await desk.ingest(mail("Printer"))
    assert (await ann.text("/?q=printer")).count('class="row"') == 1
