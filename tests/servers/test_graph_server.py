"""What the local Graph does is what the real one does; see `tests/servers/microsoft/`."""

import asyncio
import json
import random
import ssl
import sys
from datetime import timedelta

import aiohttp
import pytest

from tests.mail import mail
from tests.servers.client import Client
from tests.servers.graph import GraphServer
from tests.servers.microsoft.faults import FaultKind
from tests.servers.microsoft.mailbox import GraphMailbox
from tests.servers.microsoft.parts import file_part, item_part, reference_part
from tests.servers.microsoft.query import Prefer
from tests.servers.microsoft.render import message_json, part_json

CAST = "id,name,microsoft.graph.fileAttachment/contentId"


DESK = "/users/desk@shop.example"


async def test_a_wrong_secret_is_an_invalid_client(client: Client) -> None:
    status, content = await client.log_in(client_secret="wrong")
    assert (status, content["error"]) == (401, "invalid_client")


@pytest.mark.usefixtures("desk")
async def test_an_expired_token_is_refused_and_counted(client: Client, graph: GraphServer) -> None:
    graph.advance(timedelta(hours=2))
    status, content = await client.get(f"{DESK}/messages")
    assert (status, content["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert graph.authority.unauthorized == 1


async def test_a_revoked_secret_gets_no_token(client: Client, graph: GraphServer) -> None:
    old = graph.client_secret
    graph.authority.revoke_secret(graph.client_id)
    assert (await client.log_in(client_secret=old))[0] == 401


async def test_only_the_immutable_id_survives_a_move(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello"))
    movable = message.ids.movable
    desk.move(message, "archive")
    assert (await client.get(f"{DESK}/messages/{movable}"))[0] == 404
    status, content = await client.get(f"{DESK}/messages/{message.immutable_id}")
    assert (status, content["id"]) == (200, message.immutable_id)


async def test_without_the_preference_the_other_id_is_given(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello"))
    _, content = await client.get(f"{DESK}/messages/{message.immutable_id}", headers={"Prefer": ""})
    assert content["id"] == message.ids.movable
    assert not client.graph.requests[-1].immutable


async def test_ids_are_case_sensitive(client: Client, desk: GraphMailbox) -> None:
    first, second = desk.deliver(mail("One")), desk.deliver(mail("Two"))
    assert first.immutable_id.lower() == second.immutable_id.lower()
    _, content = await client.get(f"{DESK}/messages/{second.immutable_id}")
    assert content["subject"] == "Two"
    assert (await client.get(f"{DESK}/messages/{first.immutable_id.lower()}"))[0] == 404


async def test_headers_come_only_when_selected(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello", message_id="<1@x>"))
    _, whole = await client.get(f"{DESK}/messages/{message.immutable_id}")
    _, selected = await client.get(f"{DESK}/messages/{message.immutable_id}?$select=internetMessageHeaders")
    assert "internetMessageHeaders" not in whole
    assert {"name": "Message-ID", "value": "<1@x>"} in selected["internetMessageHeaders"]
    assert "subject" not in selected


@pytest.mark.parametrize("query", ["$select=contentId", "$select=id,contentId", "$select=nonsense"])
async def test_a_plain_content_id_fails_the_whole_request(client: Client, desk: GraphMailbox, query: str) -> None:
    message = desk.deliver(mail("Hello"))
    status, content = await client.get(f"{DESK}/messages/{message.immutable_id}/attachments?{query}")
    assert status == 400
    assert content["error"]["message"].startswith("Could not find a property named")


async def test_the_cast_works_in_select_and_in_expand(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello").html('<img src="cid:l@x">').inline("l.png", b"png", cid="l@x"))
    at = f"{DESK}/messages/{message.immutable_id}"
    _, listed = await client.get(f"{at}/attachments?$select={CAST}")
    _, expanded = await client.get(f"{at}?$select=subject&$expand=attachments($select={CAST})")
    assert listed["value"] == expanded["attachments"]
    assert (listed["value"][0]["contentId"], "contentBytes" in listed["value"][0]) == ("l@x", False)


async def test_inline_attachments_alone_don_t_count_as_attachments(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello").html("<p>").inline("l.png", b"png", cid="l@x"))
    _, content = await client.get(f"{DESK}/messages/{message.immutable_id}")
    assert content["hasAttachments"] is False


async def test_lists_page_by_ten(client: Client, desk: GraphMailbox) -> None:
    for number in range(23):
        desk.deliver(mail(f"Mail {number}"))
    sizes, link = [], f"{DESK}/mailFolders('Inbox')/messages?$select=id"
    while link:
        _, content = await client.get(link)
        sizes.append(len(content["value"]))
        link = content.get("@odata.nextLink", "")
    assert sizes == [10, 10, 3]
    assert (await client.get(f"{DESK}/messages?$top=1001"))[0] == 400


async def test_each_kind_of_attachment_has_its_own_value(client: Client, desk: GraphMailbox) -> None:
    parts = [file_part("a", b"\0\xff" * 99), item_part("b", b"BEGIN:VCARD", "contact"), reference_part("c")]
    message = desk.deliver(mail("Hello"), parts=parts)
    _, listed = await client.get(f"{DESK}/messages/{message.immutable_id}/attachments")
    at = [f"{DESK}/messages/{message.immutable_id}/attachments/{part['id']}/$value" for part in listed["value"]]
    assert await client.get(at[0]) == (200, parts[0].data)
    assert await client.get(at[1]) == (200, b"BEGIN:VCARD")
    assert (await client.get(at[2]))[0] == 405
    assert listed["value"][0]["size"] > len(parts[0].data)


async def test_an_attached_mail_is_an_item(client: Client, desk: GraphMailbox) -> None:
    inner = mail("Inner").attach("x.txt", b"x")
    message = desk.deliver(mail("Outer").attach_mail(inner))
    at = f"{DESK}/messages/{message.immutable_id}/attachments"
    _, listed = await client.get(f"{at}?$expand=microsoft.graph.itemattachment/item")
    assert listed["value"][0]["@odata.type"] == "#microsoft.graph.itemAttachment"
    assert listed["value"][0]["item"]["subject"] == "Inner"
    assert await client.get(f"{at}/{listed['value'][0]['id']}/$value") == (200, inner.raw())


async def test_a_message_s_value_is_its_bytes(client: Client, desk: GraphMailbox) -> None:
    sent = mail("Hello").attach("a.txt", b"a")
    message = desk.deliver(sent)
    assert await client.get(f"{DESK}/messages/{message.immutable_id}/$value") == (200, sent.raw())


async def test_a_fifth_request_at_once_is_throttled(client: Client, graph: GraphServer, desk: GraphMailbox) -> None:
    desk.deliver(mail("Hello"))
    graph.fault("/messages", times=4, kind="silence", seconds=0.2)
    statuses = [status for status, _ in await asyncio.gather(*(client.get(f"{DESK}/messages") for _ in range(5)))]
    assert sorted(statuses) == [429, 504, 504, 504, 504]
    assert (graph.traffic("desk@shop.example").peak, graph.traffic("desk@shop.example").now) == (5, 0)


@pytest.mark.usefixtures("desk")
async def test_some_refusals_lack_retry_after(client: Client, graph: GraphServer) -> None:
    graph.throttle.window_requests = 0
    answers = [await client.ask("GET", f"{DESK}/messages") for _ in range(4)]
    assert {content["error"]["code"] for _, content, _ in answers} == {"ApplicationThrottled"}
    assert ["Retry-After" in headers for _, _, headers in answers] == [True, True, True, False]


async def test_a_cut_body_is_seen_as_cut(client: Client, graph: GraphServer, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello"), parts=[file_part("a", b"a" * 300_000)])
    fault = graph.fault("/$value", kind="cut", after=1000)
    at = f"{DESK}/messages/{message.immutable_id}/$value"
    with pytest.raises(aiohttp.ClientError):
        await client.get(at)
    assert fault.hits == 1
    assert (await client.get(at))[0] == 200


@pytest.mark.usefixtures("desk")
async def test_errors_name_their_request(client: Client) -> None:
    status, content, headers = await client.ask("GET", f"{DESK}/messages/none")
    assert (status, content["error"]["code"]) == (404, "ErrorItemNotFound")
    assert content["error"]["innerError"]["request-id"] == headers["request-id"]


async def test_a_denied_mailbox_and_a_deleted_one(client: Client, graph: GraphServer, desk: GraphMailbox) -> None:
    desk.denied = True
    status, content = await client.get(f"{DESK}/messages")
    assert (status, content["error"]["code"]) == (403, "ErrorAccessDenied")
    graph.remove_mailbox(desk.address)
    assert (await client.get(f"{DESK}/messages"))[0] == 404


async def test_a_new_message_can_be_missing_for_a_moment(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello"), late_reads=1)
    at = f"{DESK}/messages/{message.immutable_id}"
    assert [(await client.get(at))[0], (await client.get(at))[0]] == [404, 200]


async def test_tls_with_a_certificate_of_its_own() -> None:
    async with GraphServer(tls=True) as graph, aiohttp.ClientSession() as session:
        trusted = ssl.create_default_context(cafile=graph.trusted)
        async with session.get(f"{graph.url}/v1.0/me", ssl=trusted) as response:
            assert response.status == 401


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *(("throttled", 429), ("error", 500), ("bad_gateway", 502), ("unavailable", 503), ("silence", 504)),
        *(
            ("denied", 403),
            ("not_found", 404),
            ("unauthorized", 401),
            ("redirect", 302),
            ("garbage", 200),
            ("slow", 200),
        ),
    ],
)
@pytest.mark.usefixtures("desk")
async def test_a_fault_happens_as_often_as_wanted(client: Client, kind: FaultKind, status: int) -> None:
    client.graph.fault("GET /v1.0/users", 2, kind, retry_after=7)
    answers = [await client.ask("GET", f"{DESK}/messages") for _ in range(3)]
    assert [answered for answered, _, _ in answers] == [status, status, 200]
    assert (answers[0][2].get("Retry-After") == "7") is (status in {429, 500, 502, 503, 504, 403, 401})


@pytest.mark.usefixtures("desk")
async def test_a_connection_can_be_reset(client: Client) -> None:
    client.graph.fault("/messages", kind="reset", times=9)
    with pytest.raises(aiohttp.ClientError):
        await client.get(f"{DESK}/messages")


async def test_a_client_that_goes_away_frees_its_place(client: Client, graph: GraphServer, desk: GraphMailbox) -> None:
    desk.deliver(mail("Hello"))
    graph.fault("/messages", kind="stall", after=10)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.get(f"{DESK}/messages"), 0.2)
    await asyncio.sleep(0.1)
    assert graph.traffic(desk.address).now == 0


def test_any_bytes_make_a_message() -> None:
    raw = mail("Grüße").html("<p>").attach("ü.pdf", b"x").attach_mail(mail("Inner")).raw()
    for seed in range(300):
        chance = random.Random(seed)
        broken = bytearray(raw)
        for _ in range(20):
            broken[chance.randrange(len(raw))] = chance.randrange(256)
        message = GraphServer().mailbox("desk@shop.example").deliver(bytes(broken))
        written = [message_json(message, Prefer()), *(part_json(message, part, Prefer()) for part in message.parts)]
        assert json.dumps(written, ensure_ascii=False).encode()


async def test_a_list_with_all_its_bytes_times_out(client: Client, desk: GraphMailbox) -> None:
    message = desk.deliver(mail("Hello"), parts=[file_part("a", bytes(31_000_000))])
    at = f"{DESK}/messages/{message.immutable_id}/attachments"
    assert (await client.get(at))[0] == 504
    assert (await client.get(f"{at}?$select={CAST}"))[0] == 200


async def test_served_by_hand() -> None:
    command = (sys.executable, "-m", "tests.servers.graph")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    facts = json.loads(await process.stdout.readline())
    at = f"{facts['url']}/-/deliver/desk@shop.example"
    async with aiohttp.ClientSession() as session, session.put(at, data=mail("Hello").raw()) as response:
        assert response.status == 201
    process.terminate()
    await process.wait()
