"""Graph is told where to notify us, what it must quote is known before, and what it lost is made anew."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildock.domain.errors import Throttled, Unauthorized
from maildock.providers.microsoft.notifications import is_ours, parse
from maildock.tables import push_subscriptions
from maildock.tables.push_subscriptions import SubscriptionRow
from tests.mail import mail
from tests.providers.microsoft.conftest import Connect, Desk
from tests.servers.microsoft.subscriptions import Subscription
from tests.servers.webhook import Webhook

NEARLY = timedelta(minutes=1)
WEEK = timedelta(days=6.9)


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    async with Webhook() as webhook:
        yield webhook


@pytest.fixture
async def desk(connect: Connect, webhook: Webhook) -> Desk:
    return await connect(public_url=webhook.url)


async def rows(desk: Desk) -> list[SubscriptionRow]:
    async with desk.database.tenant(desk.mailbox.tenant) as session:
        return await push_subscriptions.every(session, desk.mailbox.provider_id)


def active(desk: Desk) -> Subscription:
    (subscription,) = desk.graph.subscriptions.active()
    return subscription


async def test_it_subscribes_with_all_that_graph_needs(desk: Desk, webhook: Webhook) -> None:
    push = await desk.provider.watch(desk.mailbox)
    (row,), made = await rows(desk), active(desk)
    path = f"/webhooks/microsoft/{desk.mailbox.tenant}/{desk.mailbox.provider_id}"
    assert (row.client_state, row.subscription_id) == (made.asked["clientState"], made.subscription_id)
    assert (made.notification_url, made.lifecycle_url) == (f"{webhook.url}{path}", f"{webhook.url}{path}/lifecycle")
    assert made.asked["resource"] == "users/desk@shop.example/mailFolders('inbox')/messages"
    assert (made.asked["changeType"], made.immutable) == ("created", True)
    assert (push.problem, push.expires_at) == (None, made.expires_at)
    assert abs(made.expires_at - datetime.now(UTC) - WEEK) < NEARLY
    assert abs(push.renew_at - datetime.now(UTC) - WEEK / 2) < NEARLY


async def test_what_a_notification_quotes_is_known_before_the_answer(desk: Desk, webhook: Webhook) -> None:
    known: list[bool] = []

    async def told(body: bytes) -> None:
        states = [row.client_state for row in await rows(desk)]
        known.extend(is_ours(item, states) for item in parse(body))

    webhook.told = told
    sent = desk.inbox.deliver(mail())
    desk.graph.push.early = True
    await desk.provider.watch(desk.mailbox)
    assert known == [True]
    assert sent.immutable_id in str(webhook.bodies)


async def test_it_is_prolonged_and_not_made_twice(desk: Desk) -> None:
    await desk.provider.watch(desk.mailbox)
    first = active(desk)
    first.expires_at -= timedelta(days=3)
    push = await desk.provider.watch(desk.mailbox)
    assert active(desk) is first
    assert abs(first.expires_at - datetime.now(UTC) - WEEK) < NEARLY
    assert push.expires_at == first.expires_at
    assert len(await rows(desk)) == 1


async def test_where_prolonging_is_refused_it_is_authorised_again(desk: Desk) -> None:
    await desk.provider.watch(desk.mailbox)
    desk.graph.advance(timedelta(days=-1))
    push = await desk.provider.watch(desk.mailbox)
    assert desk.asked("/reauthorize") == 1
    assert (push.problem, push.expires_at) == (None, active(desk).expires_at)


async def test_one_that_was_removed_is_made_anew(desk: Desk) -> None:
    await desk.provider.watch(desk.mailbox)
    (old,) = await rows(desk)
    desk.graph.subscriptions.end(active(desk))
    push = await desk.provider.watch(desk.mailbox)
    (row,) = await rows(desk)
    assert push.problem is None
    assert row.client_state == active(desk).asked["clientState"] != old.client_state


async def test_another_address_takes_the_place_of_the_former(desk: Desk, connect: Connect, webhook: Webhook) -> None:
    await desk.provider.watch(desk.mailbox)
    other = await connect(public_url=webhook.url.replace("127.0.0.1", "localhost"))
    await other.provider.watch(desk.mailbox)
    (row,) = await rows(desk)
    assert row.address == active(desk).notification_url
    assert "localhost" in row.address


async def test_the_former_stays_good_until_it_is_ended(desk: Desk, connect: Connect, webhook: Webhook) -> None:
    await desk.provider.watch(desk.mailbox)
    other = await connect(public_url=webhook.url.replace("127.0.0.1", "localhost"))
    desk.graph.fault("DELETE", times=3, kind="error")
    assert (await other.provider.watch(desk.mailbox)).problem is None
    assert len(await rows(desk)) == 2
    desk.graph.faults.clear()
    await other.provider.watch(desk.mailbox)
    assert len(await rows(desk)) == len(desk.graph.subscriptions.active()) == 1


async def test_a_refused_handshake_is_a_problem_with_a_remedy(desk: Desk, webhook: Webhook) -> None:
    webhook.shakes = False
    push = await desk.provider.watch(desk.mailbox)
    assert "validation request failed" in str(push.problem)
    assert "MAILDOCK_PUBLIC_URL" in str(push.remedy)
    assert push.renew_at - datetime.now(UTC) <= NEARLY
    assert await rows(desk) == []


async def test_an_outage_leaves_open_whether_there_is_one(desk: Desk) -> None:
    desk.graph.fault("POST /v1.0/subscriptions", kind="unavailable", retry_after=300)
    push = await desk.provider.watch(desk.mailbox)
    assert push.problem
    assert push.renew_at - datetime.now(UTC) > timedelta(seconds=290)
    assert [row.subscription_id for row in await rows(desk)] == [None]


async def test_one_whose_making_was_not_answered_is_found_and_ended(desk: Desk) -> None:
    desk.graph.fault("POST /v1.0/subscriptions", kind="cut", after=10)
    assert (await desk.provider.watch(desk.mailbox)).problem
    stray = active(desk)
    await desk.provider.watch(desk.mailbox)
    assert (len(await rows(desk)), len(desk.graph.subscriptions.active())) == (2, 2)
    await grow_old(desk)
    await desk.provider.watch(desk.mailbox)
    assert active(desk) is not stray
    assert len(await rows(desk)) == 1


async def grow_old(desk: Desk) -> None:
    """Let the subscriptions that were asked for have been so an hour ago."""
    async with desk.database.tenant(desk.mailbox.tenant) as session:
        await session.execute(
            "UPDATE push_subscriptions SET created_at = created_at - interval '1 hour' WHERE tenant = %(tenant)s"
        )


async def test_what_concerns_the_whole_mailbox_is_raised(desk: Desk) -> None:
    desk.graph.fault("POST /v1.0/subscriptions", kind="throttled", retry_after=300)
    with pytest.raises(Throttled):
        await desk.provider.watch(desk.mailbox)
    desk.inbox.denied = True
    with pytest.raises(Unauthorized) as caught:
        await desk.provider.watch(desk.mailbox)
    assert "Mail.Read" in str(caught.value.remedy)


async def test_nothing_is_asked_for_where_nobody_reaches_us(connect: Connect) -> None:
    desk = await connect(public_url="http://127.0.0.1:8484", graph_url="https://graph.microsoft.com")
    push = await desk.provider.watch(desk.mailbox)
    assert push.problem is None
    assert await rows(desk) == []


async def test_unwatching_ends_all(desk: Desk) -> None:
    await desk.provider.watch(desk.mailbox)
    await desk.provider.unwatch(desk.mailbox)
    assert (await rows(desk), desk.graph.subscriptions.active()) == ([], [])


async def test_unwatching_ends_them_here_though_graph_is_away(desk: Desk) -> None:
    await desk.provider.watch(desk.mailbox)
    desk.graph.fault("DELETE", times=3, kind="unavailable")
    await desk.provider.unwatch(desk.mailbox)
    assert await rows(desk) == []


async def test_a_mailbox_that_is_not_connected_any_more_has_nothing_to_end(desk: Desk) -> None:
    gone = replace(desk.mailbox, provider_id=desk.mailbox.tenant)
    with pytest.raises(Unauthorized):
        await desk.provider.watch(gone)
    await desk.provider.unwatch(gone)
