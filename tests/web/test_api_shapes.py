"""Exact names and shapes, as the public surface has them."""

import io
import re
import zipfile
from urllib.parse import quote

from tests.desk import Desk
from tests.mail import mail
from tests.web.server import Client

TICKET = {"ticket_id", "number", "subject", "status", "created_at", "updated_at", "requester"}
COMMENT = {"comment_id", "author", "body_text", "body_html", "created_at", "message_id", "provider_id", "email_id"}
DOCUMENT = {
    "document_id", "file_id", "name", "content_type", "size", "sha256", "created_at", "created_by", "ticket_id",
    "comment_id", "source",
}  # fmt: skip
SOURCE = {
    "provider_id", "provider_kind", "email_id", "message_id", "attachment_id", "sender", "subject", "received_at",
}  # fmt: skip
EMAIL = {
    "provider_id", "email_id", "status", "message_id", "sender", "subject", "received_at", "ticket_id", "comment_id",
    "error",
}  # fmt: skip
ATTACHMENT = {
    "provider_id", "email_id", "attachment_id", "file_name", "content_type", "size", "sha256", "status", "reason",
    "attempts", "next_attempt_at", "error", "ticket_id", "comment_id", "document_id",
}  # fmt: skip
HEALTH = {
    "status", "reason", "remedy", "last_push_at", "last_poll_at", "last_mail_at", "subscription_expires_at", "backlog",
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


async def only_item(api: Client, path: str) -> dict[str, object]:
    answer = (await api.get(f"/api/v1/{path}")).json()
    assert set(answer) == {"items", "next_cursor"}
    (item,) = answer["items"]
    assert isinstance(item, dict)
    return item


async def test_a_ticket_has_its_comments_and_documents(desk: Desk, api: Client) -> None:
    first = mail("Printer").attach("a.txt", b"hello")
    await desk.ingest(first, mail(text="And more").reply_to(first))
    ticket = await only_item(api, "tickets")
    assert set(ticket) >= TICKET
    assert TIME.fullmatch(str(ticket["created_at"]))
    whole = (await api.get(f"/api/v1/tickets/{ticket['ticket_id']}")).json()
    assert [comment["body_text"].strip() for comment in whole["comments"]] == ["Hello, see below.", "And more"]
    assert set(whole["comments"][0]) >= COMMENT
    document = await only_item(api, f"tickets/{ticket['ticket_id']}/documents")
    assert set(document) >= DOCUMENT
    assert set(document["source"]) >= SOURCE  # type: ignore[call-overload]
    attachment = await only_item(api, f"tickets/{ticket['ticket_id']}/attachments")
    assert set(attachment) >= ATTACHMENT
    assert attachment["document_id"] == document["document_id"]
    assert (await api.get(f"/api/v1/documents/{document['document_id']}")).json() == document


async def test_an_email_has_its_attachments(desk: Desk, api: Client) -> None:
    (receipt,) = await desk.ingest(mail("Printer").attach("a.txt", b"hello"))
    assert set(await only_item(api, "emails")) >= EMAIL
    email = (await api.get(f"/api/v1/emails/{receipt.provider_id}/{receipt.email_id}")).json()
    assert set(email) >= EMAIL | {"attachments"}
    assert set(email["attachments"][0]) >= ATTACHMENT


async def test_an_opaque_email_id_may_hold_slashes(desk: Desk, api: Client) -> None:
    (receipt,) = await desk.ingest(mail("Printer"))
    odd = "AA/b+=%3A:c"
    await desk.all("DELETE FROM message_fingerprints WHERE tenant = %(tenant)s")
    await desk.all("UPDATE email_processed_messages SET email_id = %(odd)s WHERE tenant = %(tenant)s", odd=odd)
    for spelling in (quote(odd, safe=""), quote(odd, safe="/")):
        answer = await api.get(f"/api/v1/emails/{receipt.provider_id}/{spelling}")
        assert answer.json()["email_id"] == odd


async def test_a_providers_health_counts_what_waits(desk: Desk, api: Client) -> None:
    await desk.receive(mail("Printer"))
    provider = await only_item(api, "providers")
    assert set(provider) == {"provider_id", "kind", "mailbox", "status"}
    health = (await api.get(f"/api/v1/providers/{provider['provider_id']}/health")).json()
    assert set(health) == HEALTH
    assert (health["status"], health["backlog"]) == ("ok", 1)


async def test_lists_come_in_pages_that_neither_lose_nor_repeat(desk: Desk, api: Client) -> None:
    await desk.ingest(*(mail(f"Mail {number}").attach(f"{number}.txt", b"x") for number in range(7)))
    for path in ("tickets", "emails", "attachments"):
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = (await api.get(f"/api/v1/{path}?limit=3{cursor and '&cursor=' + cursor}")).json()
            assert len(page["items"]) <= 3
            seen += [str(sorted(item.items(), key=str)) for item in page["items"]]
            cursor = page["next_cursor"]
        assert len(seen) == len(set(seen)) == 7


async def test_lists_narrow_by_status(desk: Desk, api: Client) -> None:
    shown = mail("Logo").html('<img src="cid:x">').inline("logo.png", b"png", cid="x").attach("a.txt", b"a")
    await desk.ingest(shown)
    assert (await only_item(api, "attachments?status=skipped"))["file_name"] == "logo.png"
    assert (await only_item(api, "attachments?status=stored"))["file_name"] == "a.txt"
    assert (await api.get("/api/v1/emails?status=dead")).json()["items"] == []


async def test_bad_questions_are_told_what_is_wrong(api: Client) -> None:
    for path in (
        "tickets?cursor=zzz",
        "tickets?limit=0",
        "tickets?limit=201",
        "tickets?cursor=WyJhIl0",
        "attachments?status=x",
    ):
        answer = await api.get(f"/api/v1/{path}")
        assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
        assert {"type", "title", "status", "detail"} <= set(answer.json())


async def test_a_raw_mail_is_taken_once(desk: Desk, api: Client) -> None:
    raw = mail("Printer").attach("a.txt", b"hello").raw()
    first = await api("POST", "/api/v1/messages", raw, Content_Type="message/rfc822")
    again = await api("POST", "/api/v1/messages", raw, Content_Type="message/rfc822")
    assert (first.status, again.status) == (202, 200)
    assert first.json() == again.json()
    assert set(first.json()) == {"provider_id", "email_id", "url"}
    assert first.headers["location"] == first.json()["url"]
    assert (await api.get(first.json()["url"].removeprefix(api.origin))).json()["status"] == "received"
    await desk.ingest(raw)
    assert len(await desk.documents()) == 1


async def test_what_is_no_mail_is_refused(api: Client) -> None:
    answer = await api("POST", "/api/v1/messages", b"\x00\x01", Content_Type="message/rfc822")
    assert (answer.status, answer.json()["code"]) == (422, "not_a_message")
    assert (await api("POST", "/api/v1/messages", b"Subject: x\n\n", Content_Type="text/plain")).status == 415


async def test_a_skipped_part_is_stored_on_wish(desk: Desk, api: Client) -> None:
    (receipt,) = await desk.ingest(mail("Logo").html('<img src="cid:x">').inline("logo.png", b"png", cid="x"))
    row = await only_item(api, "attachments")
    wish = {
        "provider_id": str(receipt.provider_id),
        "email_id": receipt.email_id,
        "attachment_id": row["attachment_id"],
    }
    answer = await api.post_json("/api/v1/attachments/retry", {**wish, "keep_inline": True})
    assert (answer.status, answer.json()["status"]) == (202, "pending")
    assert set(answer.json()) >= ATTACHMENT
    unknown = await api.post_json("/api/v1/attachments/retry", {**wish, "attachment_id": "99"})
    assert unknown.status == 404


async def test_hostile_values_are_no_server_errors(desk: Desk, api: Client) -> None:
    (receipt,) = await desk.ingest(mail("Printer"))
    assert (await api.get(f"/api/v1/emails/{receipt.provider_id}/%00")).status == 404
    assert (await api.get(f"/api/v1/emails/{receipt.provider_id}/%ff%fe")).status == 404
    assert (await api.get("/api/v1/tickets/not-a-uuid")).status == 404
    wish = {"provider_id": str(receipt.provider_id), "email_id": "\ud800", "attachment_id": "\x00"}
    assert (await api.post_json("/api/v1/attachments/retry", wish)).status == 422
    for body, status in ((b"{" * 100_000, 422), (b" " * 2_000_000, 413)):
        answer = await api("POST", "/api/v1/attachments/retry", body, Content_Type="application/json")
        assert answer.status == status


async def test_all_documents_come_in_one_archive_under_names_of_their_own(desk: Desk, api: Client) -> None:
    first = mail("Printer").attach("a.txt", b"one").attach("A.TXT", b"two").attach("ü.bin", bytes(3_000_000))
    await desk.ingest(first)
    ticket = await only_item(api, "tickets")
    answer = await api.get(f"/api/v1/tickets/{ticket['ticket_id']}/documents.zip")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    contents = {name: archive.read(name) for name in archive.namelist()}
    assert sorted(map(len, contents.values())) == [3, 3, 3_000_000]
    assert len({name.casefold() for name in contents}) == 3


async def test_the_api_describes_itself(api: Client) -> None:
    described = (await api.get("/api/v1/openapi.json")).json()
    assert {"/api/v1/tickets", "/api/v1/messages", "/api/v1/documents/{document_id}/content"} <= set(described["paths"])
