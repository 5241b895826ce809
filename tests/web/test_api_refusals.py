"""What the API answers when it cannot do what was asked, and what it does not give away."""

import asyncio
import contextlib
import http.client
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from maildock.flow.context import Context
from maildock.storage.local import LocalStore
from maildock.tables.session import Database
from tests.desk import Desk
from tests.mail import mail
from tests.web.server import Answer, Client, serving

MAIL = mail("Printer").attach("a.bin", bytes(3_000_000)).raw()


@contextlib.asynccontextmanager
async def asking(context: Context) -> AsyncIterator[Client]:
    """Serve a house that is broken, to somebody whose token looks right."""
    token = f"mdk_{uuid4().hex}_{uuid4().hex}_{'x' * 43}"
    async with serving(context) as origin:
        yield Client(origin, {"Authorization": f"Bearer {token}"})


def is_problem(answer: Answer, status: int) -> bool:
    body = answer.json()
    return (
        (answer.status, body["status"]) == (status, status)
        and answer.headers["content-type"] == "application/problem+json"
        and {"type", "title", "detail"} <= set(body)
        and answer.headers["x-content-type-options"] == "nosniff"
    )


async def test_every_refusal_is_a_problem(api: Client) -> None:
    assert is_problem(await api.get("/api/v1/nothing"), 404)
    assert is_problem(await api.get("/api/v1/tickets/"), 404)
    assert is_problem(await api.get(f"/api/v1/tickets/{uuid4()}"), 404)
    assert is_problem(await api("DELETE", "/api/v1/tickets"), 405)
    assert is_problem(await api.get("/api/v1/emails?provider_id=x"), 400)
    assert is_problem(await api.post_json("/api/v1/attachments/retry", {"email_id": 1}), 422)
    broken = await api("POST", "/api/v1/attachments/retry", b"{bad", Content_Type="application/json")
    assert is_problem(broken, 422)
    assert broken.json()["detail"].startswith("the body is not JSON")
    assert is_problem(await api("POST", "/api/v1/attachments/retry", b"{}", Content_Type="text/plain"), 415)
    assert is_problem(await Client(api.origin, {}).get("/api/v1/tickets"), 401)
    assert is_problem(await Client(api.origin, {})("POST", "/api/v1/attachments/retry", b"{"), 401)
    assert (await api("DELETE", "/api/v1/tickets")).headers["allow"] == "GET, HEAD"


async def test_a_database_that_is_away_is_503(context: Context) -> None:
    away = Database(context.database.app_dsn, context.database.app_dsn)
    async with asking(replace(context, database=away)) as client:
        answer = await client.get("/api/v1/tickets")
        assert is_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        ready = await client.get("/readyz")
        assert (ready.status, ready.json()["component"]) == (503, "database")
        assert (await client.get("/healthz")).status == 200


async def test_a_store_that_is_away_is_named_without_its_path(context: Context, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"not a folder")
    async with asking(replace(context, store=LocalStore(tmp_path / "file"))) as client:
        answer = await client.get("/readyz")
        assert (answer.status, answer.json()["component"]) == (503, "storage")
        assert str(tmp_path).encode() not in answer.body


async def test_a_fault_of_ours_tells_nothing(context: Context) -> None:
    async with asking(replace(context, database=None)) as client:  # type: ignore[arg-type] # a fault
        answer = await client.get("/api/v1/tickets")
        assert is_problem(answer, 500)
        assert b"Traceback" not in answer.body
        assert b"NoneType" not in answer.body


@pytest.mark.parametrize("path", ["/api/v1/messages", "/api/v1/attachments/retry"])
async def test_a_body_over_the_limit_is_refused_and_the_client_hears_of_it(desk: Desk, api: Client, path: str) -> None:
    small = replace(desk.context, max_message_bytes=1000)
    async with serving(small) as origin:
        client = Client(origin, api.headers)
        kind = "message/rfc822" if "messages" in path else "application/json"
        assert is_problem(await client("POST", path, MAIL, Content_Type=kind), 413)
        assert is_problem(await asyncio.to_thread(chunked, client, path, kind), 413)
    assert await desk.all("SELECT FROM email_processed_messages WHERE tenant = %(tenant)s") == []


def chunked(client: Client, path: str, kind: str) -> Answer:
    connection = http.client.HTTPConnection(client.origin.removeprefix("http://"), timeout=20)
    pieces = (MAIL[at : at + 65536] for at in range(0, len(MAIL), 65536))
    with contextlib.closing(connection):
        connection.request("POST", path, pieces, {**client.headers, "Content-Type": kind}, encode_chunked=True)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


async def test_a_mail_that_breaks_off_is_not_taken(desk: Desk, api: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(api.origin.rpartition(":")[2]))
    head = f"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: {api.headers['Authorization']}\r\n"
    writer.write(f"{head}Content-Type: message/rfc822\r\nContent-Length: {len(MAIL)}\r\n\r\n".encode())
    writer.write(MAIL[:2_000_000])
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.3)
    assert (await api.get("/api/v1/emails")).json()["items"] == []
    assert [found async for found in desk.context.store.list()] == []


async def test_a_long_mail_is_taken_in_chunks(api: Client) -> None:
    answer = await asyncio.to_thread(chunked, api, "/api/v1/messages", "message/rfc822; charset=x")
    assert answer.status == 202
    email = await api.get(answer.json()["url"].removeprefix(api.origin))
    assert email.json()["status"] == "received"
