"""Lists come in pages, the newest first, and neither lose nor repeat."""

import base64
import json
from typing import Any
from uuid import uuid4

from tests.desk import Desk
from tests.mail import mail
from tests.web.server import Client


async def pages(api: Client, path: str, limit: int = 2) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await api.get(f"/api/v1/{path}?limit={limit}{cursor}")).json()
        assert len(page["items"]) == limit or page["next_cursor"] is None
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_what_a_ticket_has_comes_in_pages(desk: Desk, api: Client) -> None:
    sent = mail("Printer")
    for number in range(5):
        sent = sent.attach(f"{number}.txt", f"{number}".encode())
    await desk.ingest(sent)
    (ticket,) = await pages(api, "tickets")
    documents = await pages(api, f"tickets/{ticket['ticket_id']}/documents")
    parts = await pages(api, f"tickets/{ticket['ticket_id']}/attachments")
    assert sorted(document["name"] for document in documents) == [f"{number}.txt" for number in range(5)]
    assert {part["document_id"] for part in parts} == {document["document_id"] for document in documents}
    assert [part["file_name"] for part in parts] == [f"{number}.txt" for number in (4, 3, 2, 1, 0)]


async def test_head_is_answered_as_get_without_the_body(desk: Desk, api: Client) -> None:
    await desk.ingest(mail("Printer"))
    for path in ("/api/v1/tickets", "/login", "/metrics", "/readyz"):
        whole, head = await api.get(path), await api("HEAD", path)
        assert (head.status, head.body, head.headers["content-type"]) == (200, b"", whole.headers["content-type"])
    assert (await api("HEAD", f"/api/v1/tickets/{uuid4()}")).status == 404
    assert (await api("HEAD", "/api/v1/messages")).status == 405


async def test_mail_that_comes_meanwhile_moves_no_page(desk: Desk, api: Client) -> None:
    await desk.ingest(*(mail(f"Mail {number}") for number in range(4)))
    first = (await api.get("/api/v1/tickets?limit=2")).json()
    await desk.ingest(mail("Meanwhile"))
    second = (await api.get(f"/api/v1/tickets?limit=2&cursor={first['next_cursor']}")).json()
    assert [ticket["number"] for ticket in first["items"] + second["items"]] == [4, 3, 2, 1]
    assert second["next_cursor"] is None


async def test_lists_narrow_to_a_provider_or_a_mail(desk: Desk, api: Client) -> None:
    one, _ = await desk.ingest(mail("One").attach("1.txt", b"1"), mail("Two").attach("2.txt", b"2"))
    found = (await api.get(f"/api/v1/attachments?provider_id={one.provider_id}&email_id={one.email_id}")).json()
    assert [part["file_name"] for part in found["items"]] == ["1.txt"]
    for path in ("emails", "attachments"):
        assert len((await api.get(f"/api/v1/{path}?provider_id={one.provider_id}")).json()["items"]) == 2
        assert (await api.get(f"/api/v1/{path}?provider_id={one.email_id[:32]}")).json()["items"] == []


async def test_an_empty_list_has_no_next_page(api: Client) -> None:
    for path in ("tickets", "emails", "attachments"):
        assert (await api.get(f"/api/v1/{path}")).json() == {"items": [], "next_cursor": None}
    assert [provider["kind"] for provider in await pages(api, "providers")] == ["file"]


async def test_a_failing_provider_says_why_and_what_to_do(desk: Desk, api: Client) -> None:
    await desk.ingest(mail("One").attach("1.txt", b"1"))
    (provider,) = await pages(api, "providers")
    path = f"/api/v1/providers/{provider['provider_id']}/health"
    assert (await api.get(path)).json()["status"] == "ok"
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'dead', reason = 'corrupt' WHERE tenant = %(tenant)s"
    )
    health = (await api.get(path)).json()
    assert (health["status"], health["backlog"]) == ("degraded", 0)
    assert health["reason"]
    assert health["remedy"]
    await desk.all("UPDATE email_providers SET status = 'paused', status_reason = 'why' WHERE tenant = %(tenant)s")
    health = (await api.get(path)).json()
    assert (health["status"], health["reason"]) == ("paused", "why")


async def test_no_cursor_makes_a_server_error(api: Client) -> None:
    made_up: list[object] = [
        [2**31], [-(2**31) + 1], [True], [1.5], ["1"], {"a": 1}, 7, None, [],
        *(
            [time, str(uuid4()), "a", "b"]
            for time in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "2020-01-01", 5, None)
        ),
        ["2020-01-01T00:00:00Z", "x", "a", "b"],
        ["2020-01-01T00:00:00Z", str(uuid4()), "\x00", "\ud800"],
        ["2020-01-01T00:00:00Z", str(uuid4()), "a" * 2000, 1],
    ]  # fmt: skip
    cursors = [base64.urlsafe_b64encode(json.dumps(value).encode()).decode() for value in made_up]
    for cursor in [*cursors, "%00", "%C3%A9", "====", "[" * 3000, "a" * 5000, ""]:
        for path in ("tickets", "emails", "attachments", "providers"):
            assert (await api.get(f"/api/v1/{path}?cursor={cursor}")).status in (200, 400)
