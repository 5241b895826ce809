"""What the local Gmail does with mail is what the real one does; see `tests/servers/google/`."""

import asyncio
import json
import random
import ssl
import sys
from datetime import UTC, datetime, timedelta
from typing import Literal

import aiohttp
import pytest

from tests.mail import mail
from tests.servers.gmail import GmailServer
from tests.servers.gmail_client import GmailClient as Reader
from tests.servers.gmail_client import by_id, decoded
from tests.servers.google.faults import FaultKind
from tests.servers.google.mailbox import GmailMailbox as Inbox
from tests.servers.google.render import message_json
from tests.servers.google.style import Style

BIG = bytes(range(256)) * 64


async def test_a_list_gives_ids_alone_and_pages_by_a_hundred(reader: Reader, inbox: Inbox) -> None:
    for number in range(230):
        inbox.deliver(mail(f"Mail {number}"))
    ids, token = [], ""
    while True:
        status, content = await reader.get(f"/messages?pageToken={token}")
        assert status == 200
        assert len(content["messages"]) <= 100
        ids += [message["id"] for message in content["messages"]]
        inbox.deliver(mail("Meanwhile"))
        token = content.get("nextPageToken", "")
        if not token:
            break
    assert len(ids) == len(set(ids)) == 230
    assert set(content["messages"][0]) == {"id", "threadId"}
    assert len((await reader.get("/messages?maxResults=1000"))[1]["messages"]) == 233


async def test_nothing_found_is_no_list_at_all(reader: Reader) -> None:
    assert await reader.get("/messages") == (200, {"resultSizeEstimate": 0})


async def test_a_list_is_narrowed_by_labels_and_by_time(reader: Reader, inbox: Inbox) -> None:
    now = datetime.now(UTC)
    label = inbox.make_label("Support/New")
    inbox.deliver(mail("Old"), received=now - timedelta(days=9))
    new = inbox.deliver(mail("New"), labels=("INBOX", label.label_id))
    found = [{"id": new.message_id, "threadId": new.thread_id}]
    inbox.deliver(mail("Spam"), labels=("SPAM", label.label_id))
    after = int((now - timedelta(days=1)).timestamp())
    for query in (f"q=after:{after}", f"labelIds={label.label_id}", f"labelIds=INBOX&labelIds={label.label_id}"):
        assert (await reader.get(f"/messages?{query}"))[1]["messages"] == found
    assert (await reader.get("/messages?labelIds=Support/New"))[0] == 400
    assert (await reader.get("/messages?labelIds=INBOX,UNREAD"))[0] == 400


async def test_parts_are_a_tree_by_part_id(reader: Reader, inbox: Inbox) -> None:
    reader.gmail.style.small_in_data = False
    sent = mail("Grüße").html('<img src="cid:l@x">').inline("l.png", b"png", cid="l@x").attach("ü.pdf", BIG)
    content = await reader.read(inbox.deliver(sent))
    found = by_id(content)
    assert list(found) == ["", "0", "0.0", "0.1", "0.1.0", "0.1.1", "1"]
    types = ["multipart/mixed", "multipart/alternative", "text/plain"]
    assert [found[at]["mimeType"] for at in ("", "0", "0.0")] == types
    assert decoded(found["0.0"]["body"]["data"]) == b"Hello, see below."
    assert (found["1"]["filename"], found["1"]["body"]["size"]) == ("ü.pdf", len(BIG))
    assert {"name": "Subject", "value": "Grüße"} in found[""]["headers"]
    assert {"name": "Content-ID", "value": "<l@x>"} in found["0.1.1"]["headers"]
    assert "attachmentId" in found["0.1.1"]["body"]


async def test_numbers_of_64_bits_are_text(reader: Reader, inbox: Inbox) -> None:
    content = await reader.read(inbox.deliver(mail("Hello")), "minimal")
    assert int(content["historyId"]) > 1 << 53
    assert content["internalDate"].isdecimal()
    assert (content["labelIds"], content["snippet"]) == (["INBOX", "UNREAD"], "Hello, see below.")
    assert "payload" not in content


async def test_a_small_file_comes_in_its_mail_every_other_time(reader: Reader, inbox: Inbox) -> None:
    message = inbox.deliver(mail("Hello").attach("a.txt", b"small").attach("b.bin", BIG))
    for inside in (True, False, True):
        body = by_id(await reader.read(message))["1"]["body"]
        assert ("data" in body, "attachmentId" in body) == (inside, not inside)
        assert body["size"] == 5
    assert "attachmentId" in by_id(await reader.read(message))["2"]["body"]


async def test_an_attachment_s_id_changes_and_expires(reader: Reader, inbox: Inbox) -> None:
    message = inbox.deliver(mail("Hello").attach("b.bin", BIG))
    at = f"/messages/{message.message_id}"
    ids = [by_id(await reader.read(message))["1"]["body"]["attachmentId"] for _ in range(5)]
    assert len(set(ids)) == 5
    answers = [await reader.get(f"{at}/attachments/{token}") for token in ids]
    assert [status for status, _ in answers] == [400, 200, 200, 200, 200]
    assert answers[0][1]["error"]["message"] == "Invalid attachment token"
    assert (decoded(answers[1][1]["data"]), answers[1][1]["size"]) == (BIG, len(BIG))
    inbox.tokens.expire()
    assert (await reader.get(f"{at}/attachments/{ids[4]}"))[0] == 400


async def test_an_attachment_is_written_in_every_way(reader: Reader, inbox: Inbox) -> None:
    message = inbox.deliver(mail("Hello").attach("b.bin", BIG))
    token = by_id(await reader.read(message))["1"]["body"]["attachmentId"]
    at = f"{reader.gmail.url}/gmail/v1/users/me/messages/{message.message_id}/attachments/{token}"
    written = set()
    for _ in range(12):
        async with reader.session.get(at, headers=reader.headers) as response:
            assert response.headers.get("Content-Length") is None
            text = await response.text()
        assert decoded(json.loads(text)["data"]) == BIG
        written.add((r"\u003d" in text, "=" in text, text.index("data") < text.index("size")))
    reader.gmail.style.padded, reader.gmail.style.size_error = False, -3
    content = (await reader.get(f"/messages/{message.message_id}/attachments/{token}"))[1]
    assert ("=" in content["data"], content["size"]) == (False, len(BIG) - 3)
    assert {escaped for escaped, _, _ in written} == {padded for _, padded, _ in written} == {True, False}
    assert {data_first for _, _, data_first in written} == {True, False}


@pytest.mark.parametrize("attached_mails", ["both", "parts", "id"])
async def test_an_attached_mail_has_an_id_or_parts_or_both(
    reader: Reader, inbox: Inbox, attached_mails: Literal["both", "parts", "id"]
) -> None:
    reader.gmail.style.attached_mails, reader.gmail.style.small_in_data = attached_mails, False
    inner = mail("Inner").attach("x.txt", b"x")
    message = inbox.deliver(mail("Outer").attach_mail(inner))
    found = by_id(await reader.read(message))
    assert found["1"]["mimeType"] == "message/rfc822"
    assert ("1.0.1" in found) is (attached_mails != "id")
    assert ("attachmentId" in found["1"]["body"]) is (attached_mails != "parts")
    if attached_mails != "parts":
        token = found["1"]["body"]["attachmentId"]
        content = (await reader.get(f"/messages/{message.message_id}/attachments/{token}"))[1]
        assert decoded(content["data"]) == inner.raw()


async def test_the_other_formats(reader: Reader, inbox: Inbox) -> None:
    sent = mail("Hello").attach("a.txt", b"a")
    message = inbox.deliver(sent)
    assert decoded((await reader.read(message, "raw"))["raw"]) == sent.raw()
    metadata = await reader.read(message, "metadata&metadataHeaders=subject")
    assert metadata["payload"]["headers"] == [{"name": "Subject", "value": "Hello"}]
    assert (await reader.get(f"/messages/{message.message_id}?format=nonsense"))[0] == 400


async def test_answers_with_the_same_subject_share_a_thread(inbox: Inbox) -> None:
    first = mail("Printer")
    thread = inbox.deliver(first).thread_id
    assert inbox.deliver(mail("Re: Printer").reply_to(first)).thread_id == thread
    assert inbox.deliver(mail("Another").reply_to(first)).thread_id != thread
    assert inbox.deliver(mail("Printer")).thread_id != thread


async def test_what_was_deleted_or_is_too_new_is_not_there(reader: Reader, inbox: Inbox) -> None:
    message = inbox.deliver(mail("Hello"), late_reads=1)
    at = f"/messages/{message.message_id}"
    assert [(await reader.get(at))[0], (await reader.get(at))[0]] == [404, 200]
    inbox.delete(message)
    status, content = await reader.get(at)
    assert (status, content["error"]["errors"][0]["reason"]) == (404, "notFound")
    assert (await reader.get("/messages/not-an-id"))[0] == 400


async def test_labels_and_the_profile(reader: Reader, inbox: Inbox) -> None:
    label = inbox.make_label("Support")
    _, content = await reader.get("/labels")
    assert {"id": label.label_id, "name": "Support", "type": "user"} in content["labels"]
    assert label.label_id != label.name
    _, profile = await reader.get("/profile")
    assert (profile["emailAddress"], profile["historyId"]) == (inbox.address, str(inbox.history_id))


async def test_units_are_counted_by_mailbox(reader: Reader, inbox: Inbox) -> None:
    await reader.read(inbox.deliver(mail("Hello")))
    await reader.get("/messages")
    traffic = reader.gmail.traffic(inbox.address)
    assert (traffic.units, traffic.peak_units, traffic.peak) == (25, 25, 1)
    reader.gmail.throttle.user_units = 40
    status, content = await reader.get("/messages/123")
    assert (status, content["error"]["errors"][0]["reason"]) == (403, "userRateLimitExceeded")
    assert (await reader.get("/messages"))[0] == 200


async def test_too_many_at_once_are_refused(reader: Reader, gmail: GmailServer, inbox: Inbox) -> None:
    gmail.throttle.at_once = 3
    gmail.fault("/messages", times=3, kind="silence", seconds=0.2)
    answers = await asyncio.gather(*(reader.get("/messages") for _ in range(4)))
    assert sorted(status for status, _ in answers) == [429, 504, 504, 504]
    assert "Too many concurrent requests for user" in {content["error"]["message"] for _, content in answers}
    assert (gmail.traffic(inbox.address).peak, gmail.traffic(inbox.address).now) == (4, 0)


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        *(("throttled", 429, "rateLimitExceeded"), ("user_rate", 403, "userRateLimitExceeded")),
        *(("rate", 403, "rateLimitExceeded"), ("daily", 403, "dailyLimitExceeded")),
        *(("insufficient", 403, "insufficientPermissions"), ("not_configured", 403, "accessNotConfigured")),
        *(("domain_policy", 403, "domainPolicy"), ("denied", 403, "forbidden"), ("no_mail", 400, "failedPrecondition")),
        *(("bad_token", 400, "invalidArgument"), ("not_found", 404, "notFound"), ("unauthorized", 401, "authError")),
        *(("error", 500, "backendError"), ("bad_gateway", 502, "backendError"), ("unavailable", 503, "backendError")),
        ("silence", 504, "backendError"),
    ],
)
async def test_a_refusal_is_in_the_vendor_s_words(reader: Reader, kind: FaultKind, status: int, reason: str) -> None:
    reader.gmail.fault("GET /gmail/v1/users/me/messages", 2, kind, retry_after=7)
    answers = [await reader.ask("GET", "/messages") for _ in range(3)]
    assert [answered for answered, _, _ in answers] == [status, status, 200]
    error = answers[0][1]["error"]
    assert (error["code"], error["errors"][0]["reason"]) == (status, reason)
    assert error["errors"][0]["message"] == error["message"]


async def test_a_mailbox_can_be_refused_for_good(reader: Reader, inbox: Inbox) -> None:
    inbox.refused = "no_mail"
    status, content = await reader.get("/messages")
    assert (status, content["error"]["message"]) == (400, "Mail service not enabled")


@pytest.mark.parametrize("kind", ["cut", "reset"])
async def test_a_broken_answer_is_seen_as_broken(reader: Reader, inbox: Inbox, kind: FaultKind) -> None:
    message = inbox.deliver(mail("Hello").attach("b.bin", BIG))
    reader.gmail.fault("/messages/", 9, kind, after=1000)
    with pytest.raises(aiohttp.ClientError):
        await reader.read(message)


async def test_an_answer_can_seem_whole_and_not_be(reader: Reader, inbox: Inbox) -> None:
    inbox.deliver(mail("Hello"))
    for kind in ("short", "garbage", "redirect"):
        reader.gmail.fault("/messages", 1, kind, after=20)
    with pytest.raises(json.JSONDecodeError):
        await reader.get("/messages")
    assert (await reader.get("/messages"))[1].startswith(b"<html>")
    assert (await reader.get("/messages"))[0] == 302


async def test_a_client_that_goes_away_frees_its_place(reader: Reader, inbox: Inbox) -> None:
    reader.gmail.fault("/messages", kind="stall", after=10)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.get("/messages"), 0.2)
    await asyncio.sleep(0.1)
    assert reader.gmail.traffic(inbox.address).now == 0


async def test_an_empty_file_has_empty_data_or_none(reader: Reader, inbox: Inbox) -> None:
    reader.gmail.style.small_in_data = reader.gmail.style.with_token = False
    message = inbox.deliver(mail("Hello").attach("a.txt", b""))
    body = by_id(await reader.read(message))["1"]["body"]
    at = f"/messages/{message.message_id}/attachments/{body['attachmentId']}"
    assert [(await reader.get(at))[1] for _ in range(2)] == [{"size": 0, "data": ""}, {"size": 0}]


async def test_a_long_text_has_an_id_too(reader: Reader, inbox: Inbox) -> None:
    reader.gmail.style.text_by_id_from = 10
    assert "attachmentId" in by_id(await reader.read(inbox.deliver(mail("Hello"))))[""]["body"]


async def test_what_was_asked_is_kept(reader: Reader) -> None:
    await reader.get("/labels")
    assert [seen[1:] for seen in reader.gmail.requests] == [
        ("/token", 200, ""),
        ("/gmail/v1/users/me/labels", 200, "desk@shop.example"),
    ]


def test_any_bytes_make_a_message() -> None:
    raw = mail("Grüße").html("<p>").attach("ü.pdf", b"x").attach_mail(mail("Inner")).raw()
    inbox = GmailServer().mailbox("desk@shop.example")
    for seed in range(300):
        chance = random.Random(seed)
        broken = bytearray(raw)
        for _ in range(20):
            broken[chance.randrange(len(raw))] = chance.randrange(256)
        assert Style().json(message_json(inbox, inbox.deliver(bytes(broken)), Style()))


async def test_tls_with_a_certificate_of_its_own() -> None:
    async with GmailServer(tls=True) as gmail, aiohttp.ClientSession() as session:
        trusted = ssl.create_default_context(cafile=gmail.trusted)
        async with session.get(f"{gmail.url}/gmail/v1/users/me/profile", ssl=trusted) as response:
            assert response.status == 401


async def test_served_by_hand() -> None:
    command = (sys.executable, "-m", "tests.servers.gmail")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    facts = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{facts['url']}/-/deliver/{facts['address']}", data=mail("Hello").raw()) as response:
            assert response.status == 201
        fault = {"match": "/token", "times": 1, "kind": "unavailable"}
        async with session.post(f"{facts['url']}/-/fault", json=fault) as response:
            assert response.status == 201
        async with session.post(facts["token_url"]) as response:
            assert response.status == 503
        push = {"endpoint": "https://maildock.example/push", "audience": "maildock"}
        async with session.post(f"{facts['url']}/-/subscribe", json=push) as response:
            assert (await response.json())["topic"] == facts["topic"]
    process.terminate()
    await process.wait()
