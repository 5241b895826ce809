"""A mailbox is read by other settings once they were tried; what fails changes nothing."""

from __future__ import annotations

import asyncio
import json

import pytest

from maildock.flow.context import Context
from maildock.queue import Hint, lease
from maildock.tables import email_providers
from maildock.tables.tenants import Tenant
from tests.desk import TICKETS, Desk
from tests.mail import mail
from tests.providers.vendors import ADDRESS, PUSHER, Gmail, MailboxDesk, Microsoft, connected
from tests.servers.gmail import GmailServer
from tests.servers.google.push import TOPIC
from tests.servers.graph import GraphServer
from tests.web.mailbox_forms import sent, steps, wrong
from tests.web.visitor import Visitor, person


@pytest.fixture
async def root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


@pytest.fixture
async def outlook(desk: Desk, graph: GraphServer) -> MailboxDesk:
    return await connected(desk, Microsoft(graph))


@pytest.fixture
async def box(desk: Desk, gmail: GmailServer) -> MailboxDesk:
    return await connected(desk, Gmail(gmail))


def form_of(box: MailboxDesk) -> str:
    return f"/providers/{box.provider_id}/settings"


async def settings(box: MailboxDesk) -> dict[str, str]:
    (row,) = await box.desk.all("SELECT settings FROM mailbox_connections WHERE tenant = %(tenant)s")
    found: dict[str, str] = json.loads(row["settings"])
    return found


async def test_another_folder_is_read_from_now_on(root: Visitor, outlook: MailboxDesk) -> None:
    await outlook.work()
    before = await settings(outlook)
    assert f'href="{form_of(outlook)}"' in await root.text("/providers")
    assert 'value="inbox"' in await root.text(form_of(outlook))
    status, place = await sent(root, form_of(outlook), {"folder": "archive"})
    assert status == 303
    assert "The new settings work" in await root.text(place.partition("#")[0])
    assert await settings(outlook) == {**before, "folder": "archive"}
    await outlook.work()
    outlook.vendor.deliver(mail("Printer"), folder="archive")
    outlook.vendor.deliver(mail("Elsewhere"))
    await outlook.work()
    assert [row["subject"] for row in await outlook.desk.all(TICKETS)] == ["Printer"]


async def test_another_label_and_push_are_used_from_now_on(root: Visitor, box: MailboxDesk, gmail: GmailServer) -> None:
    await box.work()
    before = await settings(box)
    inbox = gmail.mailbox(ADDRESS)
    label = inbox.make_label("Support").label_id
    changed = {"label": "Support", "topic": TOPIC, "push_service_account": PUSHER}
    assert (await sent(root, form_of(box), changed))[0] == 303
    assert await settings(box) == {**before, **changed}
    await box.work()
    inbox.deliver(mail("Printer"), labels=(label,))
    inbox.deliver(mail("Elsewhere"))
    await box.work()
    assert [row["subject"] for row in await box.desk.all(TICKETS)] == ["Printer"]
    watched = inbox.watched()
    assert watched is not None
    assert (watched.topic, (await box.provider())["watch_error"]) == (TOPIC, None)
    assert (await sent(root, form_of(box), {**changed, "topic": ""}))[0] == 303
    await box.work()
    assert inbox.watched() is None, "Gmail tells nobody any more"


async def test_what_does_not_work_changes_nothing(
    root: Visitor, outlook: MailboxDesk, box: MailboxDesk, graph: GraphServer
) -> None:
    before = await outlook.desk.all("SELECT settings FROM mailbox_connections WHERE tenant = %(tenant)s")
    status, page = await sent(root, form_of(outlook), {"folder": "Nowhere"})
    assert (status, steps(page)[-1]) == (422, ("Mailbox", False))
    assert "secret has to be entered" not in page
    status, page = await sent(root, form_of(box), {"label": "Nowhere"})
    assert (status, steps(page)[-1]) == (422, ("Label", False))
    asked = len(graph.requests)
    status, page = await sent(root, form_of(outlook), {"folder": "a/b"})
    assert (status, wrong(page)) == (422, {"folder"})
    status, page = await sent(root, form_of(box), {"label": "x\x00", "topic": "t", "push_service_account": "p"})
    assert (status, wrong(page)) == (422, {"label", "topic", "push_service_account"})
    assert len(graph.requests) == asked
    assert await outlook.desk.all("SELECT settings FROM mailbox_connections WHERE tenant = %(tenant)s") == before


async def test_only_what_is_on_the_form_is_changed(root: Visitor, outlook: MailboxDesk) -> None:
    before = await settings(outlook)
    evil = {
        "folder": "inbox",
        "graph_url": "http://127.0.0.1:1",
        "authority_url": "http://127.0.0.1:1",
        "client_id": "x",
    }
    assert (await sent(root, form_of(outlook), evil))[0] == 303
    assert await settings(outlook) == before


async def test_a_mailbox_that_was_paused_for_its_folder_goes_on(
    root: Visitor, outlook: MailboxDesk, context: Context, tenant: Tenant
) -> None:
    for by_us, status in ((True, "active"), (False, "paused")):
        async with context.database.tenant(tenant.tenant) as session:
            await email_providers.pause(session, outlook.provider_id, "no folder", "mend it", by_us=by_us)
        assert (await sent(root, form_of(outlook), {"folder": "archive"}))[0] == 303
        assert (await outlook.provider())["status"] == status


async def test_only_ones_own_admin_changes_settings(
    context: Context, tenant: Tenant, other_tenant: Tenant, origin: str, root: Visitor, outlook: MailboxDesk
) -> None:
    ann = await person(context, tenant, origin, "ann@shop.example")
    bob = await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)
    before, path = await settings(outlook), form_of(outlook)
    assert ((await ann.get(path)).status, (await bob.get(path)).status) == (403, 404)
    assert (await sent(ann, path, {"folder": "archive"}))[0] == 403
    assert (await sent(bob, path, {"folder": "archive"}))[0] == 404
    assert (await root.post(path, {"csrf": "0", "folder": "archive"})).status == 403
    foreign = await root.post(path, {"csrf": await root.csrf(), "folder": "archive"}, Origin="https://evil.example")
    assert foreign.status == 403
    assert (await Visitor(origin).post(path, {"folder": "archive"})).status == 303
    assert await settings(outlook) == before


async def test_a_mailbox_of_files_has_no_settings(root: Visitor, desk: Desk) -> None:
    (row,) = await desk.all("SELECT provider_id FROM email_providers WHERE tenant = %(tenant)s")
    assert (await root.get(f"/providers/{row['provider_id']}/settings")).status == 404


async def test_a_form_that_is_sent_twice_and_one_beside_a_check_do_no_harm(
    root: Visitor, outlook: MailboxDesk, context: Context, tenant: Tenant
) -> None:
    twice = await asyncio.gather(*(sent(root, form_of(outlook), {"folder": "archive"}) for _ in range(2)))
    assert {status for status, _ in twice} <= {303, 422}
    assert (await settings(outlook))["folder"] == "archive"
    async with lease(context.database, Hint(tenant.tenant, outlook.provider_id, "check"), 30):
        status, page = await sent(root, form_of(outlook), {"folder": "inbox"})
    assert (status, steps(page)[-1]) == (422, ("One check at a time", False))
    assert (await settings(outlook))["folder"] == "archive"
