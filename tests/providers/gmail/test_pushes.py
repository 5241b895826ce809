"""A push is believed only if Google signed it for this mailbox's address."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maildock.domain.errors import Unavailable
from maildock.providers.gmail import push
from maildock.providers.gmail.push import BadToken
from maildock.providers.gmail.settings import push_address
from maildock.tables import push_subscriptions
from maildock.tables.push_subscriptions import SubscriptionRow
from tests.mail import mail
from tests.providers.gmail.conftest import PUBLIC_URL, PUSHER, Connect, Desk
from tests.servers.google.push import Forgery, PushSubscription
from tests.servers.topic_listener import TopicListener


def subscribed(desk: Desk, endpoint: str = "https://desk.example/") -> PushSubscription:
    audience = push_address(PUBLIC_URL, desk.mailbox.tenant, desk.mailbox.provider_id)
    return desk.gmail.push.subscribe(endpoint, audience, email=PUSHER)


async def verify(desk: Desk, forgery: Forgery | None = None, body: bytes | None = None) -> bool:
    subscription = subscribed(desk)
    token = desk.gmail.push.token(subscription, forgery or Forgery())
    told = body or json.dumps(desk.gmail.push.body(subscription, desk.inbox)).encode()
    return await desk.provider.verify_push(desk.mailbox, f"Bearer {token}", told)


@pytest.fixture
async def listener() -> AsyncIterator[TopicListener]:
    async with TopicListener() as listener:
        yield listener


async def test_what_google_pushes_is_taken(desk: Desk, listener: TopicListener) -> None:
    subscribed(desk, listener.url)
    desk.gmail.push.copies.turns = (2,)
    await desk.provider.watch(desk.mailbox)
    for _ in range(4):
        desk.inbox.deliver(mail("Hello"))
    await desk.gmail.push.settled()
    assert len(listener.bodies) == 10
    for token, body in zip(listener.tokens, listener.bodies, strict=True):
        await desk.provider.verify_push(desk.mailbox, f"Bearer {token}", json.dumps(body).encode())
    assert desk.asked("/certs") == 1


@pytest.mark.parametrize("certs", ["v1", "v3"])
async def test_certificates_come_as_a_jwks_or_as_x509(connect: Connect, certs: str) -> None:
    first = await connect()
    await verify(await connect(certs_url=f"{first.gmail.url}/oauth2/{certs}/certs"))


HOUR = 3600
LATE = int(datetime.now(UTC).timestamp()) - 2 * HOUR


@pytest.mark.parametrize(
    ("forgery", "reason"),
    [
        (Forgery(stranger=True), "not signed by Google"),
        (Forgery(algorithm="HS256"), "HS256"),
        (Forgery(algorithm="none"), "none"),
        (Forgery(key_id="unknown"), "not signed by Google"),
        (Forgery(claims={"iss": "https://evil.example"}), "issuer"),
        (
            Forgery(claims={"aud": PUBLIC_URL}),
            "audience is https://desk.example; expected https://desk.example/webhooks",
        ),
        (Forgery(claims={"aud": None}), "audience"),
        (Forgery(claims={"exp": LATE + HOUR, "iat": LATE}), "expired"),
        (Forgery(claims={"iat": LATE + 3 * HOUR}), "future"),
        (Forgery(claims={"exp": None}), "until when"),
        (Forgery(claims={"exp": "soon"}), "until when"),
        (Forgery(claims={"email": "push@evil.example"}), "service account"),
        (Forgery(claims={"email_verified": False}), "not verified"),
        (Forgery(claims={"email_verified": "true"}), "not verified"),
    ],
)
async def test_a_forged_push_says_what_is_wrong(desk: Desk, forgery: Forgery, reason: str) -> None:
    await verify(desk)
    with pytest.raises(BadToken, match=reason):
        await verify(desk, forgery)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic abc", "Bearer a.b", "Bearer a.b.c", "Bearer é.é.é", "Bearer ..."]
)
async def test_what_is_no_token_is_refused_without_asking_anybody(desk: Desk, header: str) -> None:
    with pytest.raises(BadToken):
        await desk.provider.verify_push(desk.mailbox, header, b"{}")
    assert desk.gmail.requests == []


async def test_both_names_of_the_issuer_are_google_s(desk: Desk) -> None:
    await verify(desk, Forgery(claims={"iss": "accounts.google.com"}))


async def test_clocks_may_differ_by_a_minute(desk: Desk) -> None:
    now = int(datetime.now(UTC).timestamp())
    await verify(desk, Forgery(claims={"exp": now - 50, "iat": now - HOUR}))
    await verify(desk, Forgery(claims={"iat": now + 50}))


async def test_without_a_push_service_account_every_push_is_refused(connect: Connect) -> None:
    with pytest.raises(BadToken, match="nobody may push"):
        await verify(await connect(push_service_account=""))


async def test_a_push_about_another_mailbox_of_the_topic_is_told_from_one_about_ours(desk: Desk) -> None:
    other = desk.gmail.mailbox("other@shop.example")
    body = json.dumps(desk.gmail.push.body(subscribed(desk), other)).encode()
    assert await verify(desk)
    assert not await verify(desk, body=body)


@pytest.mark.parametrize(
    "told", [b"x", b"[]", b'{"message":{}}', b'{"message":{"data":"!"}}', b'{"message":{"data":"e30"}}']
)
async def test_a_body_that_says_nothing_is_refused(desk: Desk, told: bytes) -> None:
    with pytest.raises(BadToken):
        await verify(desk, body=told)


async def test_a_new_key_is_fetched_at_most_once_a_minute(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await verify(desk)
    desk.gmail.keys.rotate(keep=0)
    with pytest.raises(BadToken):
        await verify(desk)
    assert desk.asked("/certs") == 1
    monkeypatch.setattr("maildock.providers.gmail.certificates.LEAST_SECONDS", 0.0)
    await verify(desk)
    assert desk.asked("/certs") == 2


async def test_many_pushes_fetch_the_certificates_once(desk: Desk) -> None:
    await asyncio.gather(*(verify(desk) for _ in range(6)))
    assert desk.asked("/certs") == 1


async def test_certificates_that_do_not_come_are_an_outage_soon(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maildock.providers.gmail.certificates.FETCH_SECONDS", 0.1)
    desk.gmail.fault("/certs", kind="stall", seconds=5)
    with pytest.raises(Unavailable):
        await verify(desk)
    await asyncio.sleep(0.2)
    await verify(desk)


def test_a_push_is_read_with_its_number_as_text_or_number() -> None:
    def told(history: Any) -> bytes:
        data = json.dumps({"emailAddress": "a@b.example", "historyId": history})
        return json.dumps({"message": {"data": encoded(data)}}).encode()

    assert push.parse(told(9007199254740993)) == push.parse(told("9007199254740993"))
    assert push.parse(told("1")).email_address == "a@b.example"


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


async def test_a_watch_lasts_a_week_and_is_renewed_daily(desk: Desk) -> None:
    first = await desk.provider.watch(desk.mailbox)
    assert first.problem is None
    assert first.expires_at is not None
    assert timedelta(hours=23) < first.renew_at - datetime.now(UTC) <= timedelta(days=1)
    assert timedelta(days=6) < first.expires_at - datetime.now(UTC) <= timedelta(days=7)
    desk.gmail.advance(timedelta(minutes=2))
    second = await desk.provider.watch(desk.mailbox)
    assert (second.expires_at or first.expires_at) > first.expires_at
    assert len(await rows(desk)) == 1


async def rows(desk: Desk) -> list[SubscriptionRow]:
    async with desk.database.tenant(desk.mailbox.tenant) as session:
        return await push_subscriptions.every(session, desk.mailbox.provider_id)


async def test_a_watch_is_written_down_before_it_is_asked_for(desk: Desk) -> None:
    desk.gmail.fault("/watch", kind="unavailable")
    with pytest.raises(Unavailable):
        await desk.provider.watch(desk.mailbox)
    (row,) = await rows(desk)
    assert row.expires_at is None


async def test_a_watch_can_be_stopped_and_begun_again(desk: Desk) -> None:
    await desk.provider.watch(desk.mailbox)
    await desk.provider.unwatch(desk.mailbox)
    assert (desk.inbox.watch, await rows(desk)) == (None, [])
    await desk.provider.watch(desk.mailbox)
    assert (desk.inbox.watched() is not None, len(await rows(desk))) == (True, 1)


@pytest.mark.parametrize("without", ["topic", "push_service_account"])
async def test_without_a_topic_nothing_is_watched(connect: Connect, without: str) -> None:
    desk = await connect(**{without: ""})
    assert (await desk.provider.watch(desk.mailbox)).problem is None
    assert (desk.inbox.watch, await rows(desk)) == (None, [])


async def test_what_is_in_the_way_of_a_watch_is_said(connect: Connect) -> None:
    desk = await connect(topic="projects/p/topics/nowhere")
    told = await desk.provider.watch(desk.mailbox)
    assert "topic" in str(told.problem)
    assert "gmail-api-push@system.gserviceaccount.com" in str(told.remedy)
    desk.gmail.authority.expire_tokens()
    desk.gmail.account.delegated.clear()
    told = await desk.provider.watch(desk.mailbox)
    assert "may not read" in str(told.problem)
