"""A place that the operator allows no longer is asked nothing more on behalf of whoever named it in a form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from maildock import wiring
from maildock.flow.context import Context
from maildock.providers.http import Origin
from maildock.settings import load
from maildock.tables.tenants import Tenant
from maildock.worker.worker import Worker
from tests.desk import TICKETS, Desk
from tests.mail import mail
from tests.providers.vendors import Microsoft, connected
from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer
from tests.web.mailbox_forms import ADDRESS, for_gmail, for_graph, sent, steps
from tests.web.server import SETTINGS, serving
from tests.web.visitor import Visitor, person


@pytest.fixture
async def root(context: Context, tenant: Tenant, graph: GraphServer, gmail: GmailServer) -> AsyncIterator[Visitor]:
    """An admin at a service that allows the local vendors; the workers of `context` have them taken out."""
    allowed = frozenset((Origin.parse(graph.url), Origin.parse(gmail.url)))
    async with serving(context, replace(SETTINGS, provider_origins=allowed)) as origin:
        yield await person(context, tenant, origin, "root@shop.example", admin=True)


PAUSED = "SELECT status, self_paused, status_reason, status_remedy FROM email_providers WHERE tenant = %(tenant)s"


async def test_a_mailbox_is_paused_with_the_reason_and_goes_on_once_it_is_allowed_again(
    root: Visitor, desk: Desk, graph: GraphServer, environment: dict[str, str], owner_dsn: str, tmp_path: Path
) -> None:
    status, place = await sent(root, "/providers/connect/microsoft", for_graph(graph))
    assert status == 303
    graph.mailbox(ADDRESS).deliver(mail("Printer"))
    asked = len(graph.requests)
    await Worker(desk.context).drain(asyncio.Event())
    (row,) = await desk.all(PAUSED + " AND kind = 'microsoft'")
    assert (row["status"], row["self_paused"]) == ("paused", True)
    assert row["status_reason"] == f"{graph.url} is not among MAILDOCK_PROVIDER_ORIGINS any more"
    assert "remove the mailbox" in row["status_remedy"]
    assert row["status_reason"] in await root.text("/providers")
    assert len(graph.requests) == asked, "nothing more is asked there"
    again = load({**environment, "MAILDOCK_PROVIDER_ORIGINS": graph.url}, tmp_path / "no.env")
    async with wiring.open_context(again, wiring.dsns(again, owner_dsn)) as context:
        await desk.all("UPDATE email_providers SET poll_at = now() WHERE tenant = %(tenant)s AND kind = 'microsoft'")
        await Worker(context).drain(asyncio.Event())
    assert [ticket["subject"] for ticket in await desk.all(TICKETS)] == ["Printer"]
    assert (await desk.all(PAUSED + " AND kind = 'microsoft'"))[0]["status"] == "active"
    assert place


async def test_no_form_and_no_check_makes_us_ask_it(
    root: Visitor, context: Context, graph: GraphServer, gmail: GmailServer
) -> None:
    places = [
        (await sent(root, "/providers/connect/microsoft", for_graph(graph)))[1],
        (await sent(root, "/providers/connect/gmail", for_gmail(gmail)))[1],
    ]
    microsoft, google = (f"/providers/{place.partition('=')[2].partition('#')[0]}" for place in places)
    asked = len(graph.requests), len(gmail.requests)
    async with serving(context) as origin:
        after = Visitor(origin, root.cookies)
        for path, fields in (
            (f"{microsoft}/secret", {"client_secret": graph.client_secret}),
            (f"{microsoft}/settings", {"folder": "inbox"}),
            (f"{google}/secret", {"service_account": gmail.account_file.read_text()}),
            (f"{google}/settings", {"label": "INBOX"}),
        ):
            status, page = await sent(after, path, fields)
            assert status == 422
            assert "MAILDOCK_PROVIDER_ORIGINS" in page, path
        for path in (microsoft, google):
            _, page = await sent(after, f"{path}/check", {})
            assert not steps(page)[-2][1] or not steps(page)[-1][1]
            assert "MAILDOCK_PROVIDER_ORIGINS" in page
    assert (len(graph.requests), len(gmail.requests)) == asked


async def test_it_can_still_be_removed(root: Visitor, desk: Desk, graph: GraphServer) -> None:
    place = (await sent(root, "/providers/connect/microsoft", for_graph(graph)))[1]
    provider_id = place.partition("=")[2].partition("#")[0]
    asked = len(graph.requests)
    assert (await sent(root, "/providers/remove", {"provider_id": provider_id, "sure": "yes"}))[0] == 303
    assert await desk.all("SELECT 1 FROM mailbox_connections WHERE tenant = %(tenant)s") == []
    assert len(graph.requests) == asked


async def test_what_the_command_line_connected_goes_on(desk: Desk, graph: GraphServer) -> None:
    box = await connected(desk, Microsoft(graph))
    box.vendor.deliver(mail("Printer"))
    await box.work()
    assert [ticket["subject"] for ticket in await desk.all(TICKETS)] == ["Printer"]
