"""What an open ticket is told while it changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from maildock.web.app import create_app
from maildock.web.watch import Watch
from tests.desk import Desk
from tests.mail import mail
from tests.web.server import SETTINGS, serving
from tests.web.visitor import Visitor, person


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "ann@shop.example")


@asynccontextmanager
async def listening(visitor: Visitor, path: str) -> AsyncIterator[asyncio.StreamReader]:
    host, _, port = visitor.origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    (cookie,) = visitor.cookies.items()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {'='.join(cookie)}\r\n\r\n".encode())
    try:
        yield reader
    finally:
        writer.close()


async def told(reader: asyncio.StreamReader, name: str) -> bytes:
    async with asyncio.timeout(10):
        await reader.readuntil(f"event: {name}\n".encode())
        return await reader.readline()


async def test_a_stored_file_is_told_of(ann: Visitor, desk: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(first)
    async with listening(ann, "/tickets/1/events") as reader:
        before = await told(reader, "files")
        await told(reader, "said")
        await desk.ingest(mail(text="And this.").reply_to(first).attach("a.txt", b"a"))
        assert await told(reader, "files") != before


async def test_who_has_seen_all_is_told_nothing(ann: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer"))
    page = await ann.text("/tickets/1")
    path = page.partition('data-events="')[2].partition('"')[0].replace("&amp;", "&")
    async with listening(ann, path) as reader:
        await reader.readuntil(b"retry: 2000\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await reader.readuntil(b"event:")


async def test_another_tenants_ticket_is_not_watched(
    context: Context, other_tenant: Tenant, origin: str, desk: Desk, ann: Visitor
) -> None:
    await desk.ingest(mail("Printer"))
    bob = await person(context, other_tenant, origin, "bob@neighbour.example")
    assert (await bob.get("/tickets/1/events")).status == 404
    assert (await Visitor(ann.origin).get("/tickets/1/events")).status == 303


async def test_viewers_of_one_tenant_share_a_look(context: Context, tenant: Tenant, desk: Desk) -> None:
    await desk.ingest(mail("Printer"))
    (ticket,) = await desk.all("SELECT ticket_id FROM tickets WHERE tenant = %(tenant)s")
    watch = Watch(context.database)
    viewers = [watch.changes(tenant.tenant, ticket["ticket_id"]) for _ in range(50)]
    versions = await asyncio.gather(*(anext(viewer) for viewer in viewers))
    assert len(set(versions)) == 1
    assert sum(task.get_coro().__qualname__ == "Watch._look" for task in asyncio.all_tasks()) == 1  # type: ignore[union-attr]
    watch.stop()
    for viewer in viewers:
        assert [version async for version in viewer] == []


async def test_a_stranger_to_the_tenant_sees_no_version(context: Context, tenant: Tenant, other_tenant: Tenant) -> None:
    desk = Desk(context, tenant)
    await desk.ingest(mail("Printer"))
    (ticket,) = await desk.all("SELECT ticket_id FROM tickets WHERE tenant = %(tenant)s")
    watch = Watch(context.database)
    theirs = watch.changes(other_tenant.tenant, ticket["ticket_id"])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(theirs), 2.5)
    watch.stop()


async def test_an_open_stream_does_not_hold_up_the_end(context: Context, tenant: Tenant) -> None:
    await Desk(context, tenant).ingest(mail("Printer"))
    async with AsyncExitStack() as stack:
        served = AsyncExitStack()
        origin = await served.enter_async_context(serving(context))
        ann = await person(context, tenant, origin, "ann@shop.example")
        reader = await stack.enter_async_context(listening(ann, "/tickets/1/events"))
        await told(reader, "said")
        async with asyncio.timeout(5):
            await served.aclose()
            assert b"event" not in await reader.read()


def test_a_stopped_watch_takes_nobody_in(context: Context) -> None:
    app = create_app(context, SETTINGS)
    app.state.watch.stop()
    assert app.state.watch.is_full
