"""People and their logins, tokens of programs, and who may do what."""

import re
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from maildock.web.pages.mount import PAGES
from tests.desk import DOCUMENTS, Desk
from tests.mail import mail
from tests.web.server import Client
from tests.web.visitor import PASSWORD, Visitor, hidden, person

ANN = "ann@shop.example"
NEW = "another good password"


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, ANN, admin=True)


@pytest.fixture
async def agent(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "gus@shop.example")


async def change(visitor: Visitor, **fields: str) -> int:
    sent = {"csrf": await visitor.csrf(), "current": PASSWORD, "new": NEW, "again": NEW, **fields}
    return (await visitor.post("/account/password", sent)).status


async def test_a_password_is_changed_and_other_browsers_are_signed_out(agent: Visitor, origin: str) -> None:
    other = Visitor(origin)
    await other.log_in("gus@shop.example")
    assert await change(agent) == 303
    assert (await agent.get("/")).status == 200
    assert (await other.get("/")).status == 303
    assert (await Visitor(origin).log_in("gus@shop.example", PASSWORD)).status == 401
    assert (await Visitor(origin).log_in("gus@shop.example", NEW)).status == 303


async def test_a_password_that_will_not_do_changes_nothing(agent: Visitor, origin: str) -> None:
    for fields, status in (
        ({"current": "not it at all"}, 403),
        ({"again": NEW + "!"}, 422),
        ({"new": "short", "again": "short"}, 422),
        ({"new": "x" * 2000, "again": "x" * 2000}, 422),
        ({"csrf": ""}, 403),
    ):
        assert await change(agent, **fields) == status, fields
    assert (await Visitor(origin).log_in("gus@shop.example")).status == 303


async def test_guessing_the_current_password_is_braked(agent: Visitor) -> None:
    statuses = [await change(agent, current=f"guess number {number}") for number in range(7)]
    assert statuses[:5] == [403] * 5
    assert statuses[-1] == 429


async def test_everybody_can_sign_out_everywhere(agent: Visitor, ann: Visitor, origin: str) -> None:
    other = Visitor(origin)
    await other.log_in("gus@shop.example")
    assert (await agent.post("/account/sessions", {"csrf": await agent.csrf()})).headers["location"] == "/login"
    assert [(await each.get("/")).status for each in (agent, other, ann)] == [303, 303, 200]


async def test_a_token_is_made_used_and_revoked(ann: Visitor, origin: str) -> None:
    made = await ann.post("/tokens", {"csrf": await ann.csrf(), "name": "Import <b>"})
    found = re.search(r"mdk_[0-9a-f]{32}_[0-9a-f]{32}_[\w-]{43}", made.body.decode())
    assert found
    page = await ann.text("/tokens")
    assert found[0] not in page
    assert "Import &lt;b&gt;" in page
    assert "never used" in page
    client = Client(origin, {"Authorization": f"Bearer {found[0]}"})
    assert (await client.get("/api/v1/tickets")).status == 200
    assert "last used" in await ann.text("/tokens")
    revoke = re.search(r"/tokens/[-0-9a-f]{36}/revoke", page)
    assert revoke
    assert (await ann.post(revoke[0], {"csrf": await ann.csrf()})).status == 303
    assert (await client.get("/api/v1/tickets")).status == 401
    assert "revoked" in await ann.text("/tokens")


async def test_a_form_makes_one_token_however_often_it_is_sent(ann: Visitor, desk: Desk) -> None:
    form = {"csrf": await ann.csrf(), "once": hidden(await ann.text("/tokens"), "once"), "name": "Import"}
    assert b"mdk_" in (await ann.post("/tokens", form)).body
    again = await ann.post("/tokens", form)
    assert (again.status, b"mdk_" in again.body) == (422, False)
    assert b"This token was made already" in again.body
    assert len(await desk.all("SELECT name FROM api_tokens WHERE tenant = %(tenant)s")) == 1
    fresh = {**form, "once": hidden(await ann.text("/tokens"), "once")}
    assert b"mdk_" in (await ann.post("/tokens", fresh)).body


async def test_a_forgotten_password_is_replaced_by_an_admin(ann: Visitor, agent: Visitor, origin: str) -> None:
    for _ in range(6):
        await Visitor(origin).log_in("gus@shop.example", "forgotten, is it not")
    page = await ann.text("/people")
    found = re.search(
        r'gus@shop\.example.*?"(/people/[-0-9a-f]{36}/password)".*?instead_of" value="(\w+)"', page, re.DOTALL
    )
    assert found
    form = {"csrf": await ann.csrf(), "instead_of": found[2]}
    made = await ann.post(found[1], form)
    password = re.search(r"gus@shop\.example</bdi> logs in with the password <code>(\w+)</code>", made.body.decode())
    assert password
    assert (await agent.get("/")).status == 303
    assert (await Visitor(origin).log_in("gus@shop.example", PASSWORD)).status == 401
    again = await ann.post(found[1], form)
    assert (again.status, b"This was done already" in again.body) == (422, True)
    assert (await Visitor(origin).log_in("gus@shop.example", password[1])).status == 303
    assert (await ann.get("/people")).status == 200


async def test_admins_change_their_own_password_by_knowing_it(ann: Visitor, desk: Desk) -> None:
    (own,) = await desk.all("SELECT user_id FROM users WHERE tenant = %(tenant)s AND email = 'ann@shop.example'")
    refused = await ann.post(f"/people/{own['user_id']}/password", {"csrf": await ann.csrf()})
    assert refused.status == 422
    assert b"Change your own password under your login." in refused.body
    assert (await ann.post(f"/people/{uuid4()}/password", {"csrf": await ann.csrf()})).status == 404


async def test_somebody_is_let_in_and_becomes_an_admin(ann: Visitor, origin: str) -> None:
    made = await ann.post("/people", {"csrf": await ann.csrf(), "email": "Bo@shop.example", "role": "agent"})
    password = re.search(r"<code>(\w+)</code>", made.body.decode())
    assert password
    bo = Visitor(origin)
    await bo.log_in("bo@shop.example", password[1])
    assert (await bo.get("/people")).status == 403
    page = await ann.text("/people")
    role = re.search(r"bo@shop\.example.*?(/people/[-0-9a-f]{36}/role)", page, re.DOTALL)
    assert role
    assert (await ann.post(role[1], {"csrf": await ann.csrf(), "role": "admin"})).status == 303
    assert (await bo.get("/people")).status == 200


@pytest.mark.parametrize("email", ["nobody", "ann@shop.example", "a b@shop.example", "", "a@", "@b", "a@b@c"])
async def test_an_email_that_will_not_do_is_refused(ann: Visitor, email: str) -> None:
    answer = await ann.post("/people", {"csrf": await ann.csrf(), "email": email, "role": "admin"})
    assert answer.status == 422
    assert b'role="alert"' in answer.body
    assert f'value="{email}" required' in answer.body.decode()
    assert b'<option value="admin" selected>' in answer.body


async def test_the_last_admin_stays_one(ann: Visitor, agent: Visitor) -> None:
    (own,) = re.findall(r"ann@shop\.example.*?(/people/[-0-9a-f]{36}/role)", await ann.text("/people"), re.DOTALL)[:1]
    answer = await ann.post(own, {"csrf": await ann.csrf(), "role": "agent"})
    assert answer.status == 422
    assert b"only admin" in answer.body
    assert (await ann.get("/people")).status == 200
    assert (await agent.get("/people")).status == 403


def routes() -> list[APIRoute]:
    """Every route for people who are logged in; `/reader` is the same for everybody, and holds nothing."""
    found = [route for page in PAGES for route in page.router.routes]
    return [
        route for route in found if isinstance(route, APIRoute) and not route.path.startswith(("/login", "/reader"))
    ]


def is_for_admins(route: APIRoute) -> bool:
    pending, names = [route.dependant], set[str]()
    while pending:
        dependant = pending.pop()
        names.add(getattr(dependant.call, "__name__", ""))
        pending += dependant.dependencies
    return "_admin" in names


async def ask(visitor: Visitor, route: APIRoute, path: str) -> int:
    if "GET" in (route.methods or ()):
        return (await visitor.get(path)).status
    return (await visitor.post(path, {"csrf": await visitor.csrf(), "role": "agent", "status": "open"})).status


async def test_every_route_for_people_knows_who_may(
    context: Context, other_tenant: Tenant, origin: str, desk: Desk, ann: Visitor, agent: Visitor
) -> None:
    await desk.ingest(mail("Secret").attach("a.txt", b"hello"))
    (document,) = await desk.all(DOCUMENTS)
    (comment,) = await desk.all("SELECT comment_id FROM comments WHERE tenant = %(tenant)s")
    (user,) = await desk.all("SELECT user_id FROM users WHERE tenant = %(tenant)s AND email = 'gus@shop.example'")
    (provider,) = await desk.all("SELECT provider_id FROM email_providers WHERE tenant = %(tenant)s")
    await ann.post("/tokens", {"csrf": await ann.csrf(), "name": "x"})
    (token,) = await desk.all("SELECT token_id FROM api_tokens WHERE tenant = %(tenant)s")
    ids = {**document, **comment, **user, **provider, **token, "number": 1}
    bob = await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)
    walked = 0
    for route in routes():
        path = re.sub(r"\{(\w+)\}", lambda name: str(ids.get(name[1], uuid4())), route.path)
        stranger = Visitor(origin)
        if "GET" in (route.methods or ()):
            assert (await stranger.get(path)).status == 303, path
        else:
            assert (await stranger.post(path, {})).status in (303, 403), path
        if "{" in route.path:
            walked += 1
            assert await ask(bob, route, path) in (400, 404), path
            if "GET" in (route.methods or ()):
                assert await ask(bob, route, path) == 404, path
        if route.path.startswith(("/people", "/tokens", "/providers")):
            assert is_for_admins(route), path
        if is_for_admins(route):
            assert await ask(agent, route, path) == 403, path
    assert walked >= 12
    assert (await desk.all("SELECT revoked_at FROM api_tokens WHERE tenant = %(tenant)s")) == [{"revoked_at": None}]
