"""Google's pushes mark a mailbox as due; whoever else pushes is not believed."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.desk import TICKETS
from tests.mail import mail
from tests.providers.hearing import hearing, until, working
from tests.providers.vendors import ADDRESS, Gmail, MailboxDesk, connected
from tests.servers.gmail import GmailServer
from tests.servers.google.push import Forgery, PushSubscription
from tests.web.server import Client


@dataclass(frozen=True)
class Pushed:
    """A mailbox that Google tells us of, a worker, and the web that hears it."""

    box: MailboxDesk
    gmail: GmailServer
    web: Client

    @property
    def subscription(self) -> PushSubscription:
        return self.gmail.push.subscriptions[0]

    @property
    def hook(self) -> str:
        return self.subscription.endpoint.removeprefix(self.web.origin)

    async def until_filed(self, *subjects: str) -> None:
        async def filed() -> bool:
            return [ticket["subject"] for ticket in await self.box.desk.all(TICKETS)] == list(subjects)

        await until(filed)


@pytest.fixture
async def pushed(environment: dict[str, str], owner_dsn: str, tmp_path: Path) -> AsyncIterator[Pushed]:
    async with GmailServer() as gmail, hearing(environment, owner_dsn, tmp_path, 600) as heard:
        vendor = Gmail(gmail)
        vendor.origin = heard.web.origin
        box = await connected(heard.desk, vendor)
        await box.work()
        async with working(heard.desk):
            yield Pushed(box, gmail, heard.web)


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


async def test_what_the_topic_hears_of_another_mailbox_is_acknowledged_and_changes_nothing(pushed: Pushed) -> None:
    other, before = pushed.gmail.mailbox("other@shop.example"), await pushed.box.provider()
    assert await pushed.gmail.push.send(pushed.subscription, other) == 204
    assert (await pushed.box.provider())["last_push_at"] == before["last_push_at"]


async def test_what_has_no_token_is_refused_and_an_unknown_mailbox_is_404(pushed: Pushed) -> None:
    assert (await pushed.web.post_json(pushed.hook, {})).status == 401
    unknown = f"/webhooks/gmail/{pushed.box.desk.tenant.tenant}/00000000-0000-0000-0000-000000000000"
    assert (await pushed.web.post_json(unknown, {})).status == 404
    assert (await pushed.web.post_json(pushed.hook.replace("gmail", "microsoft"), {"value": []})).status == 404
