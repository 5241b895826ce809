"""A check is told step by step, one at a time for each mailbox; and credentials are renewed once they work."""

from __future__ import annotations

import asyncio
import http.client
import re
import time
from urllib.parse import urlencode
from uuid import UUID

import pytest

from maildock.flow.context import Context
from maildock.queue import Hint, lease
from maildock.tables import email_providers
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.providers.vendors import ADDRESS, Gmail, MailboxDesk, Microsoft, connected
from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer
from tests.web.mailbox_forms import sent, steps
from tests.web.visitor import Visitor, person


@pytest.fixture
async def root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


@pytest.fixture
async def mailbox(desk: Desk, graph: GraphServer) -> MailboxDesk:
    return await connected(desk, Microsoft(graph))


def check_of(mailbox: MailboxDesk) -> str:
    return f"/providers/{mailbox.provider_id}/check"


class Streamed:
    """A check that a script has started, read as it comes."""

    def __init__(self, visitor: Visitor, path: str, csrf: str) -> None:
        self._connection = http.client.HTTPConnection(visitor.origin.removeprefix("http://"), timeout=20)
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        headers = {"Cookie": cookie, "Accept": "text/event-stream", "Origin": visitor.origin}
        self._connection.request(
            "POST", path, urlencode({"csrf": csrf}), {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        )
        self._answer = self._connection.getresponse()
        self.kind = self._answer.headers["content-type"]

    def event(self) -> tuple[str, str]:
        """Wait for the next event; gives its name and its data, both empty at the end."""
        while line := self._answer.readline().decode():
            if line.startswith("event: "):
                return line[7:].strip(), self._answer.readline().decode()[6:].strip()
        return "", ""

    def close(self) -> None:
        self._connection.close()
        self._answer.close()


async def test_a_check_grows_on_a_page_without_a_script(root: Visitor, mailbox: MailboxDesk) -> None:
    status, page = await sent(root, check_of(mailbox), {})
    names = ["Switched on", "Database", "File store", "Access token", "Mailbox", "Mails", "Attachments", "Push"]
    assert (status, steps(page)[:8]) == (200, [(name, True) for name in names])
    assert "Every step works." in page
    assert page.count("</ol>") == 1
    assert page.rstrip().endswith("</html>")


async def test_after_a_step_that_fails_none_that_needs_it_is_tried(
    root: Visitor, mailbox: MailboxDesk, graph: GraphServer
) -> None:
    graph.mailbox(ADDRESS).denied = True
    _, page = await sent(root, check_of(mailbox), {})
    assert ("Mailbox", False) in steps(page)
    assert "Mails" not in dict(steps(page))
    assert "Mail.Read" in page
    assert "Every step works." not in page


async def test_a_script_is_sent_each_step_when_it_is_done(
    root: Visitor, mailbox: MailboxDesk, graph: GraphServer
) -> None:
    graph.fault("/mailFolders", kind="slow", seconds=2.0)
    begun = time.monotonic()
    stream = await asyncio.to_thread(Streamed, root, check_of(mailbox), await root.csrf())
    assert stream.kind.startswith("text/event-stream")
    found = [await asyncio.to_thread(stream.event) for _ in range(4)]
    assert steps("".join(html for _, html in found))[-1] == ("Access token", True)
    assert time.monotonic() - begun < 1.9
    while (event := await asyncio.to_thread(stream.event))[0]:
        found.append(event)
    stream.close()
    assert time.monotonic() - begun > 1.9
    names = [name for name, _ in found]
    assert (set(names[:-1]), names[-1]) == ({"step"}, "outcome")


async def test_a_mailbox_is_checked_once_at_a_time(
    root: Visitor, mailbox: MailboxDesk, context: Context, tenant: Tenant, graph: GraphServer
) -> None:
    async with lease(context.database, Hint(tenant.tenant, mailbox.provider_id, "check"), 30) as held:
        assert held is not None
        _, page = await sent(root, check_of(mailbox), {})
        fields = {"client_secret": graph.client_secret}
        _, other = await sent(root, f"/providers/{mailbox.provider_id}/secret", fields)
    assert steps(page)[-1] == steps(other)[-1] == ("One check at a time", False)
    assert graph.requests == []
    _, page = await sent(root, check_of(mailbox), {})
    assert "Every step works." in page


async def test_who_goes_away_leaves_the_mailbox_to_others(
    root: Visitor, mailbox: MailboxDesk, graph: GraphServer, context: Context
) -> None:
    graph.fault("/mailFolders", kind="slow", seconds=30.0)
    stream = await asyncio.to_thread(Streamed, root, check_of(mailbox), await root.csrf())
    while "Access token" not in (await asyncio.to_thread(stream.event))[1]:
        pass
    stream.close()
    graph.faults.clear()
    # Sooner than a lease that nobody gave back would lapse.
    async with asyncio.timeout(context.claim_seconds * 0.9):
        while "Every step works." not in (await sent(root, check_of(mailbox), {}))[1]:
            await asyncio.sleep(0.1)


async def test_a_mailbox_of_files_is_checked_too(root: Visitor, desk: Desk) -> None:
    (row,) = await desk.all("SELECT provider_id FROM email_providers WHERE tenant = %(tenant)s")
    _, page = await sent(root, f"/providers/{row['provider_id']}/check", {})
    assert steps(page) == [("Switched on", True), ("Database", True), ("File store", True)]
    assert (await root.get(f"/providers/{row['provider_id']}/secret")).status == 404


async def test_only_ones_own_admin_checks_and_renews(
    context: Context, tenant: Tenant, other_tenant: Tenant, origin: str, mailbox: MailboxDesk, graph: GraphServer
) -> None:
    ann = await person(context, tenant, origin, "ann@shop.example")
    bob = await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)
    secret = f"/providers/{mailbox.provider_id}/secret"
    for path in (check_of(mailbox), secret):
        assert (await sent(ann, path, {"client_secret": "x"}))[0] == 403
        assert (await sent(bob, path, {"client_secret": "x"}))[0] == 404
        assert (await bob.post(path, {"csrf": "0"})).status == 403
        assert (await Visitor(origin).post(path, {})).status == 303
    assert ((await ann.get(secret)).status, (await bob.get(secret)).status) == (403, 404)
    assert (await bob.get(check_of(mailbox))).status in (404, 405)
    assert graph.requests == []


async def test_new_credentials_are_tried_then_used(
    root: Visitor, mailbox: MailboxDesk, graph: GraphServer, context: Context, tenant: Tenant
) -> None:
    async with context.database.tenant(tenant.tenant) as session:
        await email_providers.pause(session, mailbox.provider_id, "the secret has expired", "make another", by_us=True)
    page = await root.text("/providers")
    assert f'href="/providers/{mailbox.provider_id}/secret"' in page
    assert "make another, then press Resume." in page
    path = f"/providers/{mailbox.provider_id}/secret"
    status, page = await sent(root, path, {"client_secret": "wr0ng-secret"})
    assert (status, steps(page)[-1]) == (422, ("Access token", False))
    assert "wr0ng-secret" not in page
    assert (await mailbox.provider())["status"] == "paused"
    status, place = await sent(root, path, {"client_secret": graph.client_secret})
    assert (status, (await mailbox.provider())["status"]) == (303, "active")
    assert "The new credentials work" in await root.text(place.partition("#")[0])
    assert (await sent(root, path, {}))[0] == 422


async def test_a_key_of_google_is_renewed(root: Visitor, desk: Desk) -> None:
    async with GmailServer() as gmail:
        path = f"/providers/{(await connected(desk, Gmail(gmail))).provider_id}/secret"
        status, page = await sent(root, path, {"client_secret": "a", "refresh_token": "b"})
        assert (status, steps(page)[-1]) == (422, ("Access token", False))
        assert (await sent(root, path, {"service_account": gmail.account_file.read_text()}))[0] == 303


async def test_a_card_has_its_own_switches(root: Visitor, mailbox: MailboxDesk) -> None:
    page = await root.text("/providers")
    assert re.findall(r'data-check="c-([^"]+)"', page) == re.findall(r'id="c-([^"]+)"', page)
    assert UUID(str(mailbox.provider_id)) in {UUID(each) for each in re.findall(r'data-check="c-([^"]+)"', page)}
