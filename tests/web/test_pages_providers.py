"""The mailboxes' page: how each does, its addresses to copy, and its switch."""

import re
from uuid import UUID

import pytest

from maildock.domain.ids import file_provider_id
from maildock.flow.context import Context
from maildock.tables import email_providers
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.mail import mail
from tests.web.server import SETTINGS
from tests.web.visitor import Visitor, person

MAILBOX = UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture
async def root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


@pytest.fixture
async def mailbox(context: Context, tenant: Tenant) -> UUID:
    """A connected mailbox, whose address reads from right to left and is hostile."""
    async with context.database.tenant(tenant.tenant) as session:
        await email_providers.create(session, MAILBOX, "microsoft", "بريد<b>@shop.example", None)
    return MAILBOX


async def switch(visitor: Visitor, to: str, provider_id: object) -> int:
    fields = {"csrf": await visitor.csrf(), "provider_id": str(provider_id)}
    return (await visitor.post(f"/providers/{to}", fields)).status


async def statuses(desk: Desk) -> set[tuple[str, str | None]]:
    rows = await desk.all("SELECT status, status_reason FROM email_providers WHERE tenant = %(tenant)s")
    return {(row["status"], row["status_reason"]) for row in rows}


async def test_the_addresses_to_copy_are_there(root: Visitor, mailbox: UUID, tenant: Tenant) -> None:
    page = await root.text("/providers")
    base = f"{SETTINGS.public_url}/webhooks/microsoft/{tenant.tenant}/{mailbox}"
    shown = re.findall(r"<code>([^<]+)</code>", page)
    assert {base, f"{base}/lifecycle", f"{SETTINGS.public_url}/api/v1/messages", str(mailbox)} <= set(shown)
    assert "بريد&lt;b&gt;@shop.example" in page


async def test_a_mailbox_is_paused_and_resumed(root: Visitor, desk: Desk) -> None:
    box = file_provider_id(desk.tenant.tenant)
    assert await switch(root, "pause", box) == 303
    assert await statuses(desk) == {("paused", "paused by an operator")}
    receipt = await desk.receive(mail("Printer"))
    assert ">Resume<" in await root.text("/providers")
    assert "Its mailbox is paused" in await root.text(f"/mail/message?provider={box}&email={receipt.email_id}")
    assert await switch(root, "resume", box) == 303
    assert await statuses(desk) == {("active", None)}
    assert ">Pause<" in await root.text("/providers")


async def test_what_to_type_stands_out_and_is_never_markup(
    root: Visitor, context: Context, tenant: Tenant, mailbox: UUID
) -> None:
    async with context.database.tenant(tenant.tenant) as session:
        await email_providers.pause(session, mailbox, "a <b>", "run `maildock <i>`", by_us=True)
    page = await root.text("/providers")
    assert "run <code>maildock &lt;i&gt;</code>" in page
    assert "A &lt;b&gt;" in page


async def test_what_failed_is_one_click_away(root: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a"))
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'failed', reason = 'storage' WHERE tenant = %(tenant)s"
    )
    page = await root.text("/providers")
    assert "maildock emails list" not in page
    (href,) = set(re.findall(r'href="(/mail/parts\?[^"]+)"', page))
    assert "a.txt" in await root.text(href.replace("&amp;", "&"))


async def test_only_ones_own_admin_switches_a_mailbox(
    context: Context, tenant: Tenant, other_tenant: Tenant, origin: str, desk: Desk
) -> None:
    box = file_provider_id(tenant.tenant)
    ann = await person(context, tenant, origin, "ann@shop.example")
    bob = await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)
    for to in ("pause", "resume"):
        assert await switch(ann, to, box) == 403
        assert await switch(bob, to, box) == 404
        assert await switch(bob, to, "x") == 404
        assert (await bob.post(f"/providers/{to}", {"csrf": "0", "provider_id": str(box)})).status == 403
        assert (await Visitor(origin).post(f"/providers/{to}", {})).status == 303
    assert await statuses(desk) == {("active", None)}


async def test_a_mailbox_is_removed_by_whoever_is_sure(root: Visitor, mailbox: UUID) -> None:
    assert await switch(root, "remove", mailbox) == 303
    assert str(mailbox) in await root.text("/providers")
    fields = {"csrf": await root.csrf(), "provider_id": str(mailbox), "sure": "yes"}
    assert (await root.post("/providers/remove", fields)).headers["location"] == "/providers?removed=yes"
    assert str(mailbox) not in await root.text("/providers?removed=yes")
    assert (await root.post("/providers/remove", fields)).status == 404


async def test_the_way_in_for_raw_mail_cannot_be_removed(root: Visitor, desk: Desk) -> None:
    assert await switch(root, "remove", file_provider_id(desk.tenant.tenant)) == 404
    assert await statuses(desk) == {("active", None)}


async def test_only_ones_own_admin_removes_a_mailbox(
    context: Context, tenant: Tenant, other_tenant: Tenant, origin: str, root: Visitor, mailbox: UUID
) -> None:
    for email, of, status in (("ann@shop.example", tenant, 403), ("bob@neighbour.example", other_tenant, 404)):
        visitor = await person(context, of, origin, email, admin=of is other_tenant)
        fields = {"csrf": await visitor.csrf(), "provider_id": str(mailbox), "sure": "yes"}
        assert (await visitor.post("/providers/remove", fields)).status == status
    assert str(mailbox) in await root.text("/providers")
