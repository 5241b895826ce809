"""A check tries each step for real, and says what to do."""

from collections.abc import AsyncIterator

import pytest

from maildock.providers.base import RemoteProvider, Step
from tests.mail import mail
from tests.providers.microsoft.conftest import Connect, Desk
from tests.servers.webhook import Webhook


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    async with Webhook() as webhook:
        yield webhook


@pytest.fixture
async def desk(connect: Connect, webhook: Webhook) -> Desk:
    return await connect(public_url=webhook.url)


async def steps(desk: Desk) -> list[Step]:
    return [step async for step in desk.provider.check(desk.mailbox)]


async def failing(desk: Desk) -> Step:
    """Give the only step that is not well, which is the last."""
    found = await steps(desk)
    assert [step.ok for step in found] == [True] * (len(found) - 1) + [False]
    assert found[-1].remedy
    return found[-1]


async def test_all_is_well(desk: Desk) -> None:
    desk.inbox.deliver(mail().attach("a.pdf", b"1"))
    await desk.provider.watch(desk.mailbox)
    found = await steps(desk)
    assert [step.step for step in found] == ["token", "mailbox", "messages", "attachments", "push"]
    assert all(step.ok for step in found)
    assert "subscribed until" in found[-1].detail


async def test_an_empty_mailbox_without_a_subscription_is_well(desk: Desk) -> None:
    found = await steps(desk)
    assert all(step.ok for step in found)
    assert "no subscription yet" in found[-1].detail


async def test_a_wrong_secret_fails_the_token(connect: Connect) -> None:
    step = await failing(await connect(client_secret="wrong"))
    assert (step.step, "AADSTS7000215" in step.detail) == ("token", True)


async def test_a_mailbox_that_is_left_out_fails_the_mailbox(desk: Desk) -> None:
    desk.inbox.denied = True
    step = await failing(desk)
    assert (step.step, "Mail.Read" in str(step.remedy)) == ("mailbox", True)


async def test_a_missing_folder_fails_the_mailbox(connect: Connect) -> None:
    assert "no folder Support" in (await failing(await connect(folder="Support"))).detail


async def test_messages_and_attachments_are_tried_too(desk: Desk) -> None:
    desk.inbox.deliver(mail())
    for match, name in (("/messages?", "messages"), ("/attachments", "attachments")):
        desk.graph.fault(match, kind="error")
        assert (await failing(desk)).step == name


async def test_a_subscription_that_was_removed_is_said(desk: Desk) -> None:
    await desk.provider.watch(desk.mailbox)
    desk.graph.subscriptions.end(desk.graph.subscriptions.active()[0])
    assert (await failing(desk)).step == "push"


async def test_an_address_that_nobody_reaches_leaves_polling(connect: Connect) -> None:
    desk = await connect(public_url="http://desk.example")
    push = [step async for step in desk.provider.check(desk.mailbox)][-1]
    assert (push.step, push.ok) == ("push", True)
    assert "polling alone" in push.detail


def test_it_is_a_remote_provider(desk: Desk) -> None:
    assert isinstance(desk.provider, RemoteProvider)
