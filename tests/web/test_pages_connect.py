"""Mailboxes are connected by a form that tries everything first, keeps nothing that fails, and shows no secret."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from maildock.flow.context import Context
from maildock.providers.http import Origin
from maildock.tables.tenants import Tenant
from maildock.worker.worker import Worker
from tests.desk import Desk
from tests.mail import mail
from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer
from tests.web.mailbox_forms import ADDRESS, for_gmail, for_graph, sent, steps, wrong
from tests.web.server import SETTINGS, serving
from tests.web.visitor import Visitor, person

MICROSOFT, GMAIL = "/providers/connect/microsoft", "/providers/connect/gmail"


STRANGER = {"service_account": "", "client_id": "x", "client_secret": "y", "refresh_token": "z"}


@pytest.fixture
def environment(environment: dict[str, str], graph: GraphServer, gmail: GmailServer) -> dict[str, str]:
    return {**environment, "MAILDOCK_PROVIDER_ORIGINS": f"{graph.url},{gmail.url}"}


@pytest.fixture
async def origin(context: Context, graph: GraphServer, gmail: GmailServer) -> AsyncIterator[str]:
    """A service whose operator allows the local vendors."""
    allowed = frozenset((Origin.parse(graph.url), Origin.parse(gmail.url)))
    async with serving(context, replace(SETTINGS, provider_origins=allowed)) as origin:
        yield origin


@pytest.fixture
async def root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


async def connected(desk: Desk) -> list[dict[str, object]]:
    return await desk.all(
        "SELECT p.provider_id, p.kind, p.mailbox, c.settings FROM email_providers AS p"
        " JOIN mailbox_connections AS c USING (tenant, provider_id) WHERE p.tenant = %(tenant)s"
    )


async def test_a_microsoft_mailbox_is_connected_and_its_addresses_shown(
    root: Visitor, desk: Desk, graph: GraphServer
) -> None:
    status, place = await sent(root, MICROSOFT, for_graph(graph, folder="inbox", since="2026-01-31T09:00"))
    assert status == 303
    (row,) = await connected(desk)
    assert (row["kind"], row["mailbox"]) == ("microsoft", ADDRESS)
    assert place == f"/providers?connected={row['provider_id']}#p-{row['provider_id']}"
    page = await root.text(place.partition("#")[0])
    base = f"{SETTINGS.public_url}/webhooks/microsoft/{desk.tenant.tenant}/{row['provider_id']}"
    assert "Connected." in page
    assert {base, f"{base}/lifecycle"} <= set(re.findall(r"<code>([^<]+)</code>", page))


async def test_what_comes_to_a_connected_mailbox_makes_tickets(root: Visitor, desk: Desk, graph: GraphServer) -> None:
    assert (await sent(root, MICROSOFT, for_graph(graph)))[0] == 303
    graph.mailbox(ADDRESS).deliver(mail("Printer").attach("a.txt", b"a"))
    await Worker(desk.context).drain(asyncio.Event())
    assert await desk.documents() == {"a.txt": b"a"}


async def test_a_gmail_mailbox_is_connected_by_a_pasted_key(root: Visitor, desk: Desk, gmail: GmailServer) -> None:
    status, place = await sent(root, GMAIL, for_gmail(gmail))
    assert status == 303
    (row,) = await connected(desk)
    page = await root.text(place.partition("#")[0])
    assert f"{SETTINGS.public_url}/webhooks/gmail/{desk.tenant.tenant}/{row['provider_id']}</code>" in page


async def test_a_gmail_mailbox_is_connected_by_a_refresh_token(root: Visitor, desk: Desk, gmail: GmailServer) -> None:
    fields = for_gmail(gmail, service_account="", client_id=gmail.client_id, client_secret=gmail.client_secret)
    assert (await sent(root, GMAIL, {**fields, "refresh_token": gmail.refresh_token(ADDRESS)}))[0] == 303
    assert len(await connected(desk)) == 1


async def test_a_key_is_uploaded_as_a_file(root: Visitor, desk: Desk, gmail: GmailServer) -> None:
    fields = {"csrf": await root.csrf(), **for_gmail(gmail, service_account="")}
    answer = await root.send_files(GMAIL, fields, {"service_account_file": gmail.account_file.read_bytes()})
    assert answer.status == 303
    assert len(await connected(desk)) == 1


Breaking = Callable[[GraphServer], dict[str, str]]


def _denied(graph: GraphServer) -> dict[str, str]:
    graph.mailbox(ADDRESS).denied = True
    return {}


def _failing(match: str) -> Breaking:
    def broken(graph: GraphServer) -> dict[str, str]:
        graph.mailbox(ADDRESS).deliver(mail("Printer"))
        graph.fault(match, kind="error")
        return {}

    return broken


@pytest.mark.parametrize(
    ("broken", "step", "said"),
    [
        (lambda _: {"client_secret": "wrong-s3cret"}, "Access token", "AADSTS7000215"),
        (_denied, "Mailbox", "Mail.Read"),
        (lambda _: {"folder": "Support"}, "Mailbox", "no folder Support"),
        (lambda _: {"mailbox": "nobody@shop.example"}, "Mailbox", "no such mailbox"),
        (_failing("/messages?"), "Mails", "try again later"),
        (_failing("/attachments"), "Attachments", "try again later"),
        (_failing("/token"), "Access token", "try again later"),
    ],
)
async def test_a_step_that_fails_is_shown_and_nothing_is_saved(
    root: Visitor, desk: Desk, graph: GraphServer, broken: Breaking, step: str, said: str
) -> None:
    status, page = await sent(root, MICROSOFT, {**for_graph(graph), **broken(graph)})
    assert status == 422
    assert steps(page)[-1] == (step, False)
    assert [ok for _, ok in steps(page)] == [True] * (len(steps(page)) - 1) + [False]
    assert said in page
    assert "What to do" in page
    assert await connected(desk) == []


@pytest.mark.parametrize(
    ("fields", "step", "said"),
    [
        (
            {"service_account": "", "client_id": "x", "client_secret": "y", "refresh_token": "z"},
            "Access token",
            "other",
        ),
        ({"mailbox": "nobody@shop.example"}, "Access token", "address"),
        ({"label": "Support"}, "Label", "no label Support"),
    ],
)
async def test_a_step_that_fails_at_google_is_shown_and_nothing_is_saved(
    root: Visitor, desk: Desk, gmail: GmailServer, fields: dict[str, str], step: str, said: str
) -> None:
    status, page = await sent(root, GMAIL, {**for_gmail(gmail), **fields})
    assert (status, steps(page)[-1]) == (422, (step, False))
    assert said in page
    assert "maildock providers" not in page
    assert await connected(desk) == []


async def test_what_was_typed_stays_and_what_is_secret_does_not(
    root: Visitor, graph: GraphServer, gmail: GmailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = for_graph(graph, client_secret="s3cret-of-graph", folder='a"><b>', since="2026-01-31T09:00")
    _, page = await sent(root, MICROSOFT, typed)
    shown = dict(re.findall(r'name="(\w+)" [^>]*?value="([^"]*)"', page))
    assert {shown[name] for name in ("mailbox", "client_id", "since")} == {ADDRESS, graph.client_id, typed["since"]}
    assert shown["folder"] == "a&#34;&gt;&lt;b&gt;"
    key = json.loads(gmail.account_file.read_text())
    _, other = await sent(root, GMAIL, for_gmail(gmail, label="none", refresh_token="t0ken"))
    _, last = await sent(root, GMAIL, for_gmail(gmail, label="none"))
    everything = page + other + last + "".join(capsys.readouterr())
    for secret in ("s3cret-of-graph", "t0ken", key["private_key"][40:90], key["private_key_id"]):
        assert secret not in everything


async def test_each_field_that_will_not_do_is_named(root: Visitor, desk: Desk, graph: GraphServer) -> None:
    fields = {"mailbox": "nobody", "directory_id": "common", "client_id": "a b", "folder": "a/b", "since": "x"}
    status, page = await sent(root, MICROSOFT, {**for_graph(graph), **fields, "client_secret": ""})
    assert (status, wrong(page)) == (422, {*fields, "client_secret"})
    status, page = await sent(root, GMAIL, {"mailbox": "\x00", "topic": "t", "push_service_account": "p"})
    assert (status, wrong(page)) == (422, {"mailbox", "topic", "push_service_account", "service_account"})
    assert graph.requests == []
    assert await connected(desk) == []


async def test_a_mailbox_is_connected_once_however_often_its_form_is_sent(
    root: Visitor, desk: Desk, graph: GraphServer
) -> None:
    twice = [sent(root, MICROSOFT, for_graph(graph)) for _ in range(2)]
    assert sorted([status for status, _ in await asyncio.gather(*twice)]) == [303, 422]
    status, page = await sent(root, MICROSOFT, for_graph(graph))
    assert status == 422
    assert "connected already" in page
    assert len(await connected(desk)) == 1


async def test_a_vendor_that_keeps_one_waiting_is_not_waited_for(
    root: Visitor, desk: Desk, graph: GraphServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildock.web.pages.trying.MOST_SECONDS", 0.5)
    graph.fault("/mailFolders", kind="slow", seconds=30)
    status, page = await sent(root, MICROSOFT, for_graph(graph))
    assert (status, steps(page)[-1]) == (422, ("Time", False))
    assert await connected(desk) == []


async def test_only_admins_connect_mailboxes(
    context: Context, tenant: Tenant, other_tenant: Tenant, origin: str, desk: Desk, graph: GraphServer
) -> None:
    ann = await person(context, tenant, origin, "ann@shop.example")
    bob = await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)
    for path in (MICROSOFT, GMAIL):
        assert (await ann.get(path)).status == 403
        assert (await sent(ann, path, for_graph(graph)))[0] == 403
        assert (await bob.post(path, {**for_graph(graph), "csrf": "0"})).status == 403
        csrf = await bob.csrf()
        assert (await bob.post(path, {**for_graph(graph), "csrf": csrf}, Origin="https://evil.example")).status == 403
        assert (await bob.send_files(path, {**for_graph(graph), "csrf": "0"}, {})).status == 403
        assert (await Visitor(origin).post(path, for_graph(graph))).status == 303
    assert graph.requests == []
    assert (await sent(bob, MICROSOFT, for_graph(graph)))[0] == 303
    assert await connected(desk) == []


async def test_a_form_that_is_too_long_or_no_text_is_refused(root: Visitor) -> None:
    fields = {"csrf": await root.csrf()}
    assert (await root.send_files(GMAIL, fields, {"service_account_file": b"x" * (1 << 17)})).status == 413
    assert (await root.send_files(GMAIL, fields, {"service_account_file": b"\xff"})).status == 400
