"""What is posted to a webhook is read without trust."""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildock.providers.microsoft.notifications import Notification, is_ours, parse
from tests.mail import mail
from tests.providers.microsoft.conftest import Connect
from tests.servers.webhook import Webhook

STATE = "s" * 64


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    async with Webhook() as webhook:
        yield webhook


async def test_what_graph_posts_is_read(connect: Connect, webhook: Webhook) -> None:
    desk = await connect(public_url=webhook.url)
    await desk.provider.watch(desk.mailbox)
    desk.graph.push.mixed = True
    sent = desk.inbox.deliver(mail())
    await desk.graph.push.settled()
    await desk.graph.push.lifecycle("missed")
    (made,) = desk.graph.subscriptions.active()
    states = [made.asked["clientState"]]
    (forged, told), (missed,) = (parse(body) for body in webhook.bodies)
    assert (told.email_id, told.subscription_id) == (sent.immutable_id, made.subscription_id)
    assert (missed.lifecycle_event, missed.email_id) == ("missed", "")
    assert [is_ours(item, states) for item in (forged, told, missed)] == [False, True, True]


@pytest.mark.parametrize("state", ["", "S" * 64, "s" * 63, "ß"])
def test_a_wrong_or_missing_state_is_not_ours(state: str) -> None:
    item = Notification("id", state, "mail", "")
    assert not is_ours(item, [STATE, ""])
    assert not is_ours(item, [])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"value": {}}', b"\xff", b"[" * 100_000, b'{"value": null}', b'{"value": [1]}']
)
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        parse(body)


def test_too_many_at_once_are_refused() -> None:
    assert len(parse(json.dumps({"value": [{}] * 5000}).encode())) == 5000
    with pytest.raises(ValueError, match="more than"):
        parse(json.dumps({"value": [{}] * 5001}).encode())


def test_fields_of_other_types_are_taken_for_missing() -> None:
    wrong = {"subscriptionId": 1, "clientState": ["x"], "resourceData": "y", "lifecycleEvent": {}, "more": None}
    assert parse(json.dumps({"value": [wrong]}).encode()) == (Notification("", "", "", ""),)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda child: (
            st.lists(child) | st.dictionaries(st.sampled_from(["value", "resourceData", "id", "clientState"]), child)
        ),
    )
)
def test_no_json_does_harm(content: object) -> None:
    try:
        found = parse(json.dumps(content).encode())
    except ValueError:
        return
    assert not any("\x00" in item.email_id for item in found)
