"""The local Graph's delta: rounds, replays, and lost states ("Graph: Delta")."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.mail import mail
from tests.servers.client import Client
from tests.servers.graph import GraphServer
from tests.servers.microsoft.mailbox import GraphMailbox

DELTA = "/users/desk@shop.example/mailFolders/inbox/messages/delta?changeType=created"


async def follow(client: Client, path: str, size: int = 10) -> tuple[list[dict[str, Any]], str]:
    """Follow a round to its end; gives its entries and the link to the next round."""
    entries, prefer = [], {"Prefer": f'IdType="ImmutableId", odata.maxpagesize={size}'}
    while True:
        status, content = await client.get(path, headers=prefer)
        assert status == 200
        assert len(content["value"]) <= size
        entries += content["value"]
        if "@odata.deltaLink" in content:
            return entries, content["@odata.deltaLink"]
        path = content["@odata.nextLink"]


async def test_a_round_gives_all_and_the_next_one_what_is_new(client: Client, desk: GraphMailbox) -> None:
    known = {desk.deliver(mail(f"Mail {number}")).immutable_id for number in range(7)}
    entries, link = await follow(client, DELTA, size=3)
    assert {entry["id"] for entry in entries} == known
    new = desk.deliver(mail("New"))
    entries, link = await follow(client, link)
    assert [entry["id"] for entry in entries] == [new.immutable_id]
    assert (await follow(client, link))[0] == []


async def test_mail_that_comes_during_a_round_is_in_the_next(client: Client, desk: GraphMailbox) -> None:
    for number in range(3):
        desk.deliver(mail(f"Mail {number}"))
    _, content = await client.get(DELTA, headers={"Prefer": "odata.maxpagesize=2"})
    desk.deliver(mail("Meanwhile"))
    rest, link = await follow(client, content["@odata.nextLink"])
    assert len(rest) == 1
    assert [entry["subject"] for entry in (await follow(client, link))[0]] == ["Meanwhile"]


async def test_a_link_may_be_followed_twice(client: Client, desk: GraphMailbox) -> None:
    _, link = await follow(client, DELTA)
    desk.deliver(mail("New"))
    assert (await follow(client, link))[0] == (await follow(client, link))[0] != []


async def test_what_leaves_the_folder_is_removed(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello"))
    _, link = await follow(client, DELTA)
    desk.move(message, "archive")
    entries, _ = await follow(client, link)
    assert [(entry["id"], entry["@removed"]["reason"]) for entry in entries] == [(message.immutable_id, "deleted")]


async def test_replays_show_known_mail_again(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello"))
    _, link = await follow(client, DELTA)
    desk.replays = 1
    assert [entry["id"] for entry in (await follow(client, link))[0]] == [message.immutable_id]


async def test_a_filter_holds_for_every_round(client: Client, desk: GraphMailbox) -> None:
    now = datetime.now(UTC)
    desk.deliver(mail("Old"), received=now - timedelta(days=9))
    since = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    entries, link = await follow(client, f"{DELTA}&$filter=receivedDateTime ge {since}")
    assert entries == []
    desk.deliver(mail("Old too"), received=now - timedelta(days=9))
    desk.deliver(mail("New"))
    assert [entry["subject"] for entry in (await follow(client, link))[0]] == ["New"]


@pytest.mark.parametrize("condition", ["receivedDateTime le 2030-01-01T00:00:00Z", "subject eq 'a'"])
@pytest.mark.usefixtures("desk")
async def test_other_filters_are_refused(client: Client, condition: str) -> None:
    assert (await client.get(f"{DELTA}&$filter={condition}"))[0] == 400


async def test_a_lost_state_names_where_to_start_again(client: Client, desk: GraphMailbox) -> None:
    desk.deliver(mail("Hello"))
    _, link = await follow(client, DELTA)
    desk.lose_sync()
    status, _, headers = await client.ask("GET", link)
    assert status == 410
    entries, _ = await follow(client, headers["Location"])
    assert [entry["subject"] for entry in entries] == ["Hello"]


async def test_an_expired_or_unknown_token_is_not_found(client: Client, desk: GraphMailbox) -> None:
    _, link = await follow(client, DELTA)
    desk.lose_sync(400, "syncStateNotFound")
    for path in (link, f"{DELTA}&$deltatoken=nonsense"):
        status, content = await client.get(path)
        assert (status, content["error"]["code"]) == (400, "syncStateNotFound")


async def test_links_can_lead_elsewhere(client: Client, graph: GraphServer, desk: GraphMailbox) -> None:
    desk.deliver(mail("Hello"))
    graph.link_origin = "http://elsewhere.example"
    _, content = await client.get(DELTA)
    assert content["@odata.deltaLink"].startswith("http://elsewhere.example/v1.0/users/")
