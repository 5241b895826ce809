"""The local Gmail's watches, pushes and the keys that sign them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.mail import mail
from tests.servers.gmail_client import GmailClient as Reader
from tests.servers.google import jwt
from tests.servers.google.mailbox import GmailMailbox as Inbox
from tests.servers.google.push import ISSUER, TOPIC, Forgery, PushSubscription
from tests.servers.topic_listener import TopicListener


@pytest.fixture
async def listener() -> AsyncIterator[TopicListener]:
    async with TopicListener() as listener:
        yield listener


@pytest.fixture
def subscription(reader: Reader, listener: TopicListener) -> PushSubscription:
    return reader.gmail.push.subscribe(listener.url, "maildock")


async def watch(reader: Reader, **asked: Any) -> tuple[int, Any]:
    status, content, _ = await reader.ask("POST", "/watch", json={"topicName": TOPIC, **asked})
    await reader.gmail.push.settled()
    return status, content


async def public_key(reader: Reader, form: str, key_id: str) -> rsa.RSAPublicKey:
    async with reader.session.get(f"{reader.gmail.url}/oauth2/{form}/certs") as response:
        content = await response.json()
    if form == "v1":
        key = x509.load_pem_x509_certificate(content[key_id].encode()).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        return key
    (found,) = (known for known in content["keys"] if known["kid"] == key_id)
    modulus, exponent = (int.from_bytes(jwt.unbase64url(found[name])) for name in ("n", "e"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


@pytest.mark.usefixtures("subscription")
async def test_a_watch_is_announced_at_once(reader: Reader, inbox: Inbox, listener: TopicListener) -> None:
    status, content = await watch(reader, labelIds=["INBOX"])
    assert (status, content["historyId"]) == (200, str(inbox.history_id))
    days = (int(content["expiration"]) / 1000 - reader.gmail.now().timestamp()) / 86400
    assert 6.9 < days <= 7
    assert [(told["emailAddress"], str(told["historyId"])) for told in listener.told()] == [
        (inbox.address, str(inbox.history_id))
    ]


@pytest.mark.usefixtures("subscription")
async def test_new_mail_is_announced_until_the_watch_ends(
    reader: Reader, inbox: Inbox, listener: TopicListener
) -> None:
    await watch(reader)
    inbox.deliver(mail("One"))
    await reader.gmail.push.settled()
    assert len(listener.bodies) == 2
    assert set(listener.bodies[1]) == {"message", "subscription"}
    reader.gmail.advance(timedelta(days=8))
    inbox.deliver(mail("Two"))
    await reader.gmail.push.settled()
    assert len(listener.bodies) == 2


@pytest.mark.parametrize(("behaviour", "count"), [("include", 1), ("exclude", 2), ("INCLUDE", 1)])
@pytest.mark.usefixtures("subscription")
async def test_a_watch_is_narrowed_by_labels(
    reader: Reader, inbox: Inbox, listener: TopicListener, behaviour: str, count: int
) -> None:
    await watch(reader, labelIds=["SENT"], labelFilterBehavior=behaviour)
    inbox.deliver(mail("Hello"))
    await reader.gmail.push.settled()
    assert len(listener.bodies) == count


@pytest.mark.usefixtures("subscription")
async def test_a_watch_can_be_stopped(reader: Reader, inbox: Inbox, listener: TopicListener) -> None:
    await watch(reader)
    assert (await reader.ask("POST", "/stop"))[0] == 200
    inbox.deliver(mail("Hello"))
    await reader.gmail.push.settled()
    assert len(listener.bodies) == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        *(({"topicName": "nonsense"}, 400), ({"topicName": "projects/p/topics/none"}, 404)),
        *(({"labelIds": ["Support"]}, 400), ({"labelFilterBehavior": "sometimes"}, 400), ({"labelIds": "INBOX"}, 400)),
    ],
)
async def test_a_wrong_watch_is_refused(reader: Reader, inbox: Inbox, asked: dict[str, Any], status: int) -> None:
    assert (await watch(reader, **asked))[0] == status
    assert inbox.watch is None


@pytest.mark.usefixtures("subscription")
async def test_only_one_event_a_second_is_told(reader: Reader, inbox: Inbox, listener: TopicListener) -> None:
    reader.gmail.push.least_seconds = 60
    await watch(reader)
    for number in range(3):
        inbox.deliver(mail(f"Mail {number}"))
    await reader.gmail.push.settled()
    assert (len(listener.bodies), reader.gmail.push.dropped) == (1, 3)


@pytest.mark.usefixtures("subscription")
async def test_pushes_can_be_lost_or_come_twice_or_late(reader: Reader, inbox: Inbox, listener: TopicListener) -> None:
    push = reader.gmail.push
    await watch(reader)
    push.silent = True
    inbox.deliver(mail("Lost"))
    push.silent, push.copies.turns, push.late_seconds = False, (2,), 0.05
    inbox.deliver(mail("Twice"))
    assert len(listener.bodies) == 1
    await push.settled()
    ids = [body["message"]["messageId"] for body in listener.bodies]
    assert (len(ids), ids[1] == ids[2]) == (3, True)


@pytest.mark.usefixtures("subscription")
async def test_a_push_is_repeated_until_it_is_taken(reader: Reader, listener: TopicListener) -> None:
    listener.statuses = [500, 302, 401]
    await watch(reader)
    assert [delivery.status for delivery in reader.gmail.push.deliveries] == [500, 302, 401, 204]
    assert len({delivery.body["message"]["messageId"] for delivery in reader.gmail.push.deliveries}) == 1


@pytest.mark.parametrize("form", ["v1", "v3"])
async def test_a_push_is_signed_with_a_key_that_is_shown(
    reader: Reader, inbox: Inbox, listener: TopicListener, subscription: PushSubscription, form: str
) -> None:
    for _ in range(2):
        assert await reader.gmail.push.send(subscription, inbox) == 204
        key_id = jwt.read(listener.tokens[-1])[0]["kid"]
        claims = jwt.verify(listener.tokens[-1], await public_key(reader, form, key_id))
        assert (claims["iss"], claims["aud"], claims["email_verified"]) == (ISSUER, "maildock", True)
        assert claims["email"] == subscription.email
        reader.gmail.keys.rotate()


async def test_certificates_may_be_kept_for_a_while(reader: Reader) -> None:
    reader.gmail.keys.max_age = 60
    reader.gmail.keys.rotate()
    reader.gmail.keys.rotate(keep=0)
    async with reader.session.get(f"{reader.gmail.url}/oauth2/v3/certs") as response:
        assert response.headers["Cache-Control"] == "public, max-age=60, must-revalidate"
        assert len((await response.json())["keys"]) == reader.gmail.keys.served == 1


@pytest.mark.parametrize("forgery", [Forgery(stranger=True), Forgery(algorithm="none"), Forgery(algorithm="HS256")])
async def test_a_forged_push_is_signed_otherwise(
    reader: Reader, inbox: Inbox, listener: TopicListener, subscription: PushSubscription, forgery: Forgery
) -> None:
    await reader.gmail.push.send(subscription, inbox, forgery)
    key_id = jwt.read(listener.tokens[-1])[0]["kid"]
    with pytest.raises(jwt.InvalidToken):
        jwt.verify(listener.tokens[-1], await public_key(reader, "v3", key_id))


async def test_every_claim_can_be_wrong_or_missing(
    reader: Reader, inbox: Inbox, listener: TopicListener, subscription: PushSubscription
) -> None:
    await reader.gmail.push.send(subscription, inbox, Forgery({"aud": "maildock/", "exp": None}))
    claims = listener.claims()
    assert (claims["aud"], "exp" in claims, claims["iss"]) == ("maildock/", False, ISSUER)
    await reader.gmail.push.send(subscription, inbox, Forgery(bearer=""))
    assert listener.tokens[-1] == ""
