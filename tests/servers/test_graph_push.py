"""The local Graph's subscriptions and notifications."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.mail import mail
from tests.servers.client import Client
from tests.servers.graph import GraphServer
from tests.servers.microsoft.mailbox import GraphMailbox
from tests.servers.subscriber import Subscriber


@pytest.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    async with Subscriber() as subscriber:
        yield subscriber


def wish(subscriber: Subscriber, **changed: Any) -> dict[str, Any]:
    expires = datetime.now(UTC) + timedelta(days=6)
    return {
        "changeType": "created",
        "notificationUrl": f"{subscriber.url}/push",
        "lifecycleNotificationUrl": f"{subscriber.url}/lifecycle",
        "resource": "/users/desk@shop.example/mailFolders('inbox')/messages",
        "expirationDateTime": expires.isoformat(),
        "clientState": "secret",
    } | changed


async def subscribe(client: Client, subscriber: Subscriber, **changed: Any) -> tuple[int, dict[str, Any]]:
    status, content, _ = await client.ask("POST", "/subscriptions", json=wish(subscriber, **changed))
    return status, content


def life(content: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(content["expirationDateTime"]) - datetime.now(UTC)


@pytest.mark.usefixtures("desk")
async def test_both_urls_must_shake_hands(client: Client, subscriber: Subscriber) -> None:
    assert (await subscribe(client, subscriber))[0] == 201
    assert sorted(subscriber.shaken) == ["lifecycle", "push"]


@pytest.mark.parametrize("echo", ["{}\n", '"{}"', "no"])
@pytest.mark.usefixtures("desk")
async def test_a_wrong_echo_refuses_the_subscription(client: Client, subscriber: Subscriber, echo: str) -> None:
    subscriber.echo = echo
    status, content = await subscribe(client, subscriber)
    assert (status, content["error"]["code"]) == (400, "ValidationError")
    assert client.graph.subscriptions.active() == []


@pytest.mark.usefixtures("desk")
async def test_a_slow_handshake_refuses_the_subscription(client: Client, subscriber: Subscriber) -> None:
    client.graph.webhooks.handshake_seconds, subscriber.seconds = 0.1, 0.5
    assert (await subscribe(client, subscriber))[0] == 400


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    "changed",
    [{"clientState": "x" * 129}, {"notificationUrl": "http://shop.example/push"}, {"expirationDateTime": "2020-01-01"}],
)
async def test_wrong_wishes_are_refused(client: Client, subscriber: Subscriber, changed: dict[str, str]) -> None:
    assert (await subscribe(client, subscriber, **changed))[0] == 400


@pytest.mark.usefixtures("desk")
async def test_a_short_life_is_made_longer(client: Client, subscriber: Subscriber) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    _, content = await subscribe(client, subscriber, expirationDateTime=soon)
    assert timedelta(minutes=44) < life(content) <= timedelta(minutes=45)


@pytest.mark.usefixtures("desk")
async def test_a_long_life_is_refused_or_cut(client: Client, subscriber: Subscriber) -> None:
    late = (datetime.now(UTC) + timedelta(days=8)).isoformat()
    assert (await subscribe(client, subscriber, expirationDateTime=late))[0] == 400
    client.graph.subscriptions.refuse_too_long = False
    _, content = await subscribe(client, subscriber, expirationDateTime=late)
    assert life(content) <= timedelta(minutes=10_080)


@pytest.mark.usefixtures("desk")
async def test_renewed_reauthorized_and_deleted(client: Client, subscriber: Subscriber) -> None:
    _, made = await subscribe(client, subscriber)
    at = f"/subscriptions/{made['id']}"
    renewed = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    status, content, _ = await client.ask("PATCH", at, json={"expirationDateTime": renewed})
    assert (status, life(content) < timedelta(days=1)) == (200, True)
    assert (await client.ask("PATCH", at, json={"lifecycleNotificationUrl": subscriber.url}))[0] == 400
    assert (await client.ask("POST", f"{at}/reauthorize"))[0] == 204
    assert (await client.ask("DELETE", at))[0] == 204
    assert (await client.ask("PATCH", at, json={"expirationDateTime": renewed}))[0] == 404


async def test_a_subscription_dies_silently(client: Client, subscriber: Subscriber, desk: GraphMailbox) -> None:
    await subscribe(client, subscriber)
    client.graph.advance(timedelta(days=7))
    desk.deliver(mail("Hello"))
    await client.graph.push.settled()
    assert subscriber.batches == []


async def test_new_and_moved_mail_is_announced(client: Client, subscriber: Subscriber, desk: GraphMailbox) -> None:
    await subscribe(client, subscriber)
    new, moved = desk.deliver(mail("Hello")), desk.deliver(mail("Elsewhere"), folder="archive")
    desk.move(moved, "inbox")
    await client.graph.push.settled()
    assert [item["resourceData"]["id"] for item in subscriber.items()] == [new.immutable_id, moved.immutable_id]
    assert {item["clientState"] for item in subscriber.items()} == {"secret"}
    assert len({item["resource"].split("/")[0] for item in subscriber.items()}) == 2


async def test_two_subscriptions_share_a_post(client: Client, subscriber: Subscriber, desk: GraphMailbox) -> None:
    made = [(await subscribe(client, subscriber))[1]["id"] for _ in range(2)]
    desk.deliver(mail("Hello"))
    await client.graph.push.settled()
    assert [[item["subscriptionId"] for item in batch] for _, batch in subscriber.batches] == [made]


async def test_refused_notifications_come_again(client: Client, subscriber: Subscriber, desk: GraphMailbox) -> None:
    await subscribe(client, subscriber)
    subscriber.statuses = [503, 503]
    desk.deliver(mail("Hello"))
    await client.graph.push.settled()
    assert [delivery.status for delivery in client.graph.webhooks.deliveries] == [503, 503, 202]


async def test_mixed_double_and_lost(client: Client, graph: GraphServer, subscriber: Subscriber) -> None:
    desk = graph.mailbox("desk@shop.example")
    await subscribe(client, subscriber)
    graph.push.mixed, graph.push.copies.turns = True, (2,)
    desk.deliver(mail("Hello"))
    await graph.push.settled()
    assert [item["clientState"] == "secret" for item in subscriber.items()] == [False, True, False, True]
    graph.push.silent = True
    desk.deliver(mail("Lost"))
    await graph.push.settled()
    assert len(subscriber.items()) == 4


async def test_one_can_come_before_the_subscription_is_known(
    client: Client, subscriber: Subscriber, desk: GraphMailbox
) -> None:
    client.graph.push.early = True
    message = desk.deliver(mail("Hello"))
    _, made = await subscribe(client, subscriber)
    assert [(item["subscriptionId"], item["resourceData"]["id"]) for item in subscriber.items()] == [
        (made["id"], message.immutable_id)
    ]


async def test_slow_answers_end_in_dropped_notifications(
    client: Client, subscriber: Subscriber, desk: GraphMailbox
) -> None:
    await subscribe(client, subscriber)
    client.graph.webhooks.slow_seconds, subscriber.seconds = 0.05, 0.1
    for number in range(2):
        desk.deliver(mail(f"Mail {number}"))
        await client.graph.push.settled()
    assert (len(subscriber.items()), len(client.graph.webhooks.dropped)) == (1, 1)


@pytest.mark.usefixtures("desk")
async def test_lifecycle_events_reach_their_own_url(client: Client, subscriber: Subscriber) -> None:
    await subscribe(client, subscriber)
    await client.graph.push.lifecycle("missed")
    await client.graph.push.lifecycle("subscriptionRemoved")
    events = [item["lifecycleEvent"] for item in subscriber.items("lifecycle")]
    assert events == ["missed", "subscriptionRemoved"]
    assert client.graph.subscriptions.active() == []
