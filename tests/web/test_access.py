import re
from typing import Any
from uuid import uuid4

from maildock.access import tokens
from maildock.flow.context import Context
from maildock.tables import api_tokens
from maildock.tables.tenants import Tenant
from maildock.web.app import WebSettings, create_app
from tests.desk import DOCUMENTS, Desk
from tests.mail import mail
from tests.web.server import SETTINGS, Client, serving


async def test_without_a_good_token_nothing_opens(api: Client, origin: str, tenant: Tenant) -> None:
    good = api.headers["Authorization"]
    for bad in (
        "",
        "Bearer",
        "Basic x",
        good[:-1],
        good[:-1] + "\x7f",
        f"Bearer mdk_{tenant.tenant.hex}_x_y",
        good.replace("mdk_", ""),
    ):
        answer = await Client(origin, {"Authorization": bad}).get("/api/v1/tickets")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert (await api.get("/api/v1/tickets")).status == 200


async def test_a_revoked_token_opens_nothing(context: Context, tenant: Tenant, origin: str) -> None:
    async with context.database.tenant(tenant.tenant) as session:
        token_id, token = await tokens.issue(session, "old")
        await api_tokens.revoke(session, token_id)
    assert (await Client(origin, {"Authorization": f"Bearer {token}"}).get("/api/v1/tickets")).status == 401


async def test_a_token_opens_only_the_tenant_that_it_was_made_for(
    api: Client, origin: str, tenant: Tenant, other_tenant: Tenant
) -> None:
    swapped = api.headers["Authorization"].replace(tenant.tenant.hex, other_tenant.tenant.hex)
    assert (await Client(origin, {"Authorization": swapped}).get("/api/v1/tickets")).status == 401


async def test_a_token_is_kept_only_as_a_hash(context: Context, tenant: Tenant) -> None:
    async with context.database.tenant(tenant.tenant) as session:
        _, token = await tokens.issue(session, "name")
        kept = await session.values("SELECT t::text FROM api_tokens AS t WHERE tenant = %(tenant)s")
    assert token.split("_", 3)[3] not in kept[0][0]


def _filled(path: str, known: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: str(known[name[1]]), path)


async def test_every_route_hides_what_is_another_tenants(desk: Desk, api: Client, stranger: Client) -> None:
    (receipt,) = await desk.ingest(mail("Secret").attach("a.txt", b"hello"))
    (document,) = await desk.all(DOCUMENTS)
    theirs = {**document, "provider_id": receipt.provider_id, "email_id": receipt.email_id}
    nobodys = {"ticket_id": uuid4(), "document_id": uuid4(), "provider_id": uuid4(), "email_id": "0" * 64}
    routes = create_app(desk.context, SETTINGS).openapi()["paths"]
    named = [path for path, verbs in routes.items() if "{" in path and "get" in verbs]
    assert len(named) >= 9
    for path in named:
        assert (await api.get(_filled(path, theirs))).status == 200
        hidden, missing = await stranger.get(_filled(path, theirs)), await stranger.get(_filled(path, nobodys))
        assert (hidden.status, hidden.body) == (missing.status, missing.body)
        assert hidden.status == 404
    for path in ("tickets", "emails", "attachments"):
        assert (await stranger.get(f"/api/v1/{path}")).json()["items"] == []
    wish = {"provider_id": str(receipt.provider_id), "email_id": receipt.email_id, "attachment_id": "2"}
    assert (await stranger.post_json("/api/v1/attachments/retry", wish)).status == 404


async def test_metrics_want_their_token_when_one_is_set(context: Context) -> None:
    settings = WebSettings(("key",), "http://127.0.0.1", "letmein")
    async with serving(context, settings) as origin:
        assert (await Client(origin, {}).get("/metrics")).status == 401
        assert (await Client(origin, {"Authorization": "Bearer letmein"}).get("/metrics")).status == 200


async def test_a_token_for_the_metrics_may_be_any_text(context: Context) -> None:
    async with serving(context, WebSettings(("key",), "http://127.0.0.1", "tür")) as origin:
        sent = {"Authorization": "Bearer tür".encode().decode("latin-1")}
        assert (await Client(origin, sent).get("/metrics")).status == 200


async def test_metrics_tell_no_tenant(desk: Desk, origin: str) -> None:
    await desk.ingest(mail("Secret").attach("a.txt", b"hello"))
    answer = await Client(origin, {}).get("/metrics")
    assert b"maildock_attachments_settled_total" in answer.body
    assert str(desk.tenant.tenant).encode() not in answer.body
    assert (await Client(origin, {"X-Forwarded-For": "10.1.1.1"}).get("/metrics")).status == 403


async def test_health_and_readiness(origin: str) -> None:
    assert (await Client(origin, {}).get("/healthz")).status == 200
    assert (await Client(origin, {}).get("/readyz")).status == 200
