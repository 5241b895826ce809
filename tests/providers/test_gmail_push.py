"""Google's pushes mark a mailbox as due; whoever else pushes is not believed."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.flow.connect import NewMailbox, connect
from maildock.providers.gmail import settings as google
from maildock.settings import load
from maildock.worker.worker import Worker
from tests.desk import TICKETS, Desk
from tests.mail import mail
from tests.providers.vendors import ADDRESS, Gmail, MailboxDesk
from tests.servers.gmail import GmailServer
from tests.servers.google.push import TOPIC, Forgery, PushSubscription
from tests.web.server import Client, serving

ACCOUNT = "push@maildock-test.iam.gserviceaccount.com"
PATIENCE = 15.0


@dataclass(frozen=True)
class Pushed:
    """A mailbox that Google tells us of, a worker, and the web that hears it."""

    box: MailboxDesk
    gmail: GmailServer
    web: Client
    hook: str
    subscription: PushSubscription

    async def until_filed(self, *subjects: str) -> None:
        end = time.monotonic() + PATIENCE
        while [ticket["subject"] for ticket in await self.box.desk.all(TICKETS)] != list(subjects):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


@pytest.fixture
async def pushed(environment: dict[str, str], owner_dsn: str, tmp_path: Path) -> AsyncIterator[Pushed]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    more = {"MAILDOCK_PUBLIC_URL": origin, "MAILDOCK_POLL_SECONDS": "600"}
    settings = load({**environment, **more}, tmp_path / "no.env")
    async with (
        GmailServer() as gmail,
        wiring.open_context(settings, wiring.dsns(settings, owner_dsn)) as context,
        serving(context, port=port),
    ):
        desk = Desk(context, await add_tenant(context.database, "Shop"))
        gmail.mailbox(ADDRESS)
        certs = f"{gmail.url}/oauth2/v3/certs"
        connection = google.new_connection("", TOPIC, ACCOUNT, gmail.url, gmail.token_url, certs, "")
        secret = google.service_account_secret(gmail.account_file.read_text())
        new = NewMailbox("gmail", ADDRESS, connection, secret, None)
        provider_id = await connect(context, desk.tenant.tenant, new)
        hook = f"/webhooks/gmail/{desk.tenant.tenant}/{provider_id}"
        subscription = gmail.push.subscribe(origin + hook, origin + hook, email=ACCOUNT)
        box = MailboxDesk(desk, Gmail(gmail), provider_id)
        await box.work()
        stop = asyncio.Event()
        working = asyncio.create_task(Worker(context).run(stop))
        yield Pushed(box, gmail, Client(origin, {}), hook, subscription)
        stop.set()
        await working


async def test_mail_is_there_without_waiting_for_a_poll(pushed: Pushed) -> None:
    began = time.monotonic()
    pushed.gmail.mailbox(ADDRESS).deliver(mail("Printer").attach("a.txt", b"hello"))
    await pushed.until_filed("Printer")
    assert time.monotonic() - began < 10
    assert (await pushed.box.provider())["last_push_at"]


async def test_a_push_that_google_drops_costs_seconds(pushed: Pushed) -> None:
    inbox = pushed.gmail.mailbox(ADDRESS)
    for subject in ("One", "Two", "Three"):
        inbox.deliver(mail(subject))
    await pushed.until_filed("One", "Two", "Three")


@pytest.mark.parametrize(
    "forgery",
    [
        Forgery(claims={"iss": "https://evil.example"}),
        Forgery(claims={"aud": "https://desk.example"}),
        Forgery(claims={"email": "other@maildock-test.iam.gserviceaccount.com"}),
        Forgery(claims={"email_verified": False}),
        Forgery(claims={"exp": 1}),
    ],
)
async def test_a_push_that_is_not_googles_is_refused(pushed: Pushed, forgery: Forgery) -> None:
    inbox = pushed.gmail.mailbox(ADDRESS)
    assert await pushed.gmail.push.send(pushed.subscription, inbox, forgery) == 401
    assert await pushed.gmail.push.send(pushed.subscription, inbox) < 300


async def test_what_has_no_token_is_refused_and_an_unknown_mailbox_is_404(pushed: Pushed) -> None:
    assert (await pushed.web.post_json(pushed.hook, {})).status == 401
    unknown = f"/webhooks/gmail/{pushed.box.desk.tenant.tenant}/00000000-0000-0000-0000-000000000000"
    assert (await pushed.web.post_json(unknown, {})).status == 404
    assert (await pushed.web.post_json(pushed.hook.replace("gmail", "microsoft"), {"value": []})).status == 404
