"""A check tries each step for real, and says what to do."""

import pytest

from maildock.providers.base import RemoteProvider, Step
from maildock.providers.gmail import settings
from tests.mail import mail
from tests.providers.gmail.conftest import Connect, Desk


async def steps(desk: Desk) -> list[Step]:
    return [step async for step in desk.provider.check(desk.mailbox)]


def test_it_is_a_remote_provider(desk: Desk) -> None:
    remote: RemoteProvider = desk.provider
    assert isinstance(remote, RemoteProvider)


async def test_every_step_is_tried(desk: Desk) -> None:
    desk.inbox.deliver(mail("Hello"))
    found = await steps(desk)
    assert [(step.step, step.ok) for step in found] == [
        *(("token", True), ("mailbox", True), ("label", True), ("messages", True), ("push", True))
    ]
    assert "until" in found[-1].detail
    assert desk.inbox.watched() is not None


async def test_the_first_step_that_fails_says_what_to_do(desk: Desk) -> None:
    desk.gmail.account.delegated.clear()
    (step,) = await steps(desk)
    assert (step.step, step.ok) == ("token", False)
    assert "gmail.readonly" in str(step.remedy)


async def test_a_closed_mailbox_is_its_own_step(desk: Desk) -> None:
    desk.inbox.refused = "no_mail"
    assert [(step.step, step.ok) for step in await steps(desk)] == [("token", True), ("mailbox", False)]


async def test_credentials_of_another_mailbox_are_noticed(connect: Connect) -> None:
    desk = await connect()
    secret = settings.refresh_token_secret(desk.gmail.client_secret, desk.gmail.refresh_token("other@shop.example"))
    desk.gmail.mailbox("other@shop.example")
    found = await steps(await connect(secret))
    assert (found[-1].step, "other@shop.example" in found[-1].detail) == ("mailbox", True)


async def test_a_topic_that_is_not_there_is_found_out(connect: Connect) -> None:
    step = (await steps(await connect(topic="projects/p/topics/nowhere")))[-1]
    assert (step.step, step.ok, "publish" in str(step.remedy)) == ("push", False, True)


@pytest.mark.parametrize("without", ["topic", "push_service_account"])
async def test_no_push_is_fine_and_said(connect: Connect, without: str) -> None:
    step = (await steps(await connect(**{without: ""})))[-1]
    assert (step.ok, "polled" in step.detail) == (True, True)
