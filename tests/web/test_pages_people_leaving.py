"""People who leave: what was theirs opens nothing from one moment on, and nothing that they did is lost."""

import asyncio
import re
from typing import LiteralString
from uuid import UUID, uuid4

import pytest

from maildock.access import account
from maildock.access.people import NotAdmin, add_user
from maildock.domain.errors import UsageError
from maildock.flow.context import Context
from maildock.tables import sessions, users
from maildock.tables.tenants import Tenant
from tests.desk import DOCUMENTS, TICKETS, Desk
from tests.mail import mail
from tests.servers.openid.tokens import Login
from tests.web.server import Client
from tests.web.signing_on import Shop, message, shop_of
from tests.web.visitor import PASSWORD, Visitor, person

READINGS: LiteralString = "SELECT user_id, ticket_id, seen_at FROM ticket_readings WHERE tenant = %(tenant)s"
TOKENS: LiteralString = "SELECT token_id, user_id, revoked_at FROM api_tokens WHERE tenant = %(tenant)s"
ANN, GUS = "ann@shop.example", "gus@shop.example"


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, ANN, admin=True)


@pytest.fixture
async def gus(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, GUS)


async def id_of(desk: Desk, email: str) -> UUID:
    (row,) = await desk.all("SELECT user_id FROM users WHERE tenant = %(tenant)s AND email = %(email)s", email=email)
    found: UUID = row["user_id"]
    return found


async def people(context: Context, tenant: Tenant) -> list[users.PersonRow]:
    async with context.database.tenant(tenant.tenant) as session:
        return await users.every(session)


async def change(visitor: Visitor, word: str, user_id: UUID) -> int:
    return (await visitor.post(f"/people/{user_id}/{word}", {"csrf": await visitor.csrf()})).status


async def token_of(visitor: Visitor) -> Client:
    made = await visitor.post("/tokens", {"csrf": await visitor.csrf(), "name": "Import"})
    found = re.search(r"mdk_[\w-]+", made.body.decode())
    assert found
    return Client(visitor.origin, {"Authorization": f"Bearer {found[0]}"})


async def test_whoever_is_disabled_is_out_at_once_and_comes_in_again_when_enabled(
    ann: Visitor, gus: Visitor, desk: Desk
) -> None:
    gone = await id_of(desk, GUS)
    assert await change(ann, "disable", gone) == 303
    assert (await gus.get("/mail")).status == 303
    assert (await Visitor(ann.origin).log_in(GUS)).status == 401
    page = await ann.text("/people")
    assert "disabled" in page
    assert f"/people/{gone}/enable" in page
    assert await change(ann, "enable", gone) == 303
    assert (await gus.get("/mail")).status == 303, "a session that has ended does not come back"
    assert (await Visitor(ann.origin).log_in(GUS)).status == 303


async def test_the_refusal_is_the_one_for_a_wrong_password(ann: Visitor, gus: Visitor, desk: Desk) -> None:
    await change(ann, "disable", await id_of(desk, GUS))
    right = [await Visitor(gus.origin).log_in(GUS) for _ in range(6)]
    wrong = [await Visitor(gus.origin).log_in(ANN, "not it at all") for _ in range(6)]
    assert [each.status for each in right] == [each.status for each in wrong] == [401] * 5 + [429]
    assert right[0].body.replace(GUS.encode(), b"") == wrong[0].body.replace(ANN.encode(), b"")


async def test_a_login_of_two_tenants_opens_the_one_where_it_is_not_disabled(
    ann: Visitor, gus: Visitor, desk: Desk, context: Context, other_tenant: Tenant
) -> None:
    await add_user(context.database, other_tenant.tenant, GUS, PASSWORD, admin=False)
    assert (await Visitor(gus.origin).log_in(GUS)).status == 409
    await change(ann, "disable", await id_of(desk, GUS))
    visitor = Visitor(gus.origin)
    assert (await visitor.log_in(GUS)).status == 303
    assert visitor.cookies["maildock"].startswith(other_tenant.tenant.hex)


async def test_tokens_refuse_with_the_person_who_made_them(
    ann: Visitor, context: Context, tenant: Tenant, api: Client, desk: Desk
) -> None:
    bo = await person(context, tenant, ann.origin, "bo@shop.example", admin=True)
    theirs, anns, gone = await token_of(bo), await token_of(ann), await id_of(desk, "bo@shop.example")
    everybody = (theirs, anns, api)
    await change(ann, "disable", gone)
    assert [(await each.get("/api/v1/tickets")).status for each in everybody] == [401, 200, 200]
    assert "refused" in await ann.text("/tokens")
    await change(ann, "enable", gone)
    assert [(await each.get("/api/v1/tickets")).status for each in everybody] == [200, 200, 200]
    assert "refused" not in await ann.text("/tokens")


async def test_nothing_that_they_did_is_lost(ann: Visitor, context: Context, tenant: Tenant, desk: Desk) -> None:
    bo = await person(context, tenant, ann.origin, "bo@shop.example", admin=True)
    await bo.upload("/mail", await bo.csrf(), "a.eml", mail("Printer").attach("plan.txt", b"a plan").raw())
    await desk.ingest(mail("Printer").attach("plan.txt", b"a plan"))
    gone = await id_of(desk, "bo@shop.example")
    await token_of(bo)
    await bo.text("/tickets/1")
    await desk.all("UPDATE documents SET created_by = %(user)s WHERE tenant = %(tenant)s", user=gone)
    kept = (DOCUMENTS, TICKETS, READINGS, TOKENS)
    before = [await desk.all(statement) for statement in kept]
    await change(ann, "disable", gone)
    assert [await desk.all(statement) for statement in kept] == before
    assert before[0][0]["created_by"] == gone
    assert all(before)
    assert "plan.txt" in await ann.text("/tickets/1")


async def test_nobody_disables_themselves(ann: Visitor, context: Context, tenant: Tenant, desk: Desk) -> None:
    await person(context, tenant, ann.origin, "bo@shop.example", admin=True)
    own = await id_of(desk, ANN)
    assert f"/people/{own}/disable" not in await ann.text("/people")
    answer = await ann.post(f"/people/{own}/disable", {"csrf": await ann.csrf()})
    assert (answer.status, b"cannot disable yourself" in answer.body) == (422, True)
    assert (await ann.get("/people")).status == 200


async def test_the_last_admin_who_may_log_in_stays_one(
    ann: Visitor, context: Context, tenant: Tenant, desk: Desk
) -> None:
    await person(context, tenant, ann.origin, "bo@shop.example", admin=True)
    await change(ann, "disable", await id_of(desk, "bo@shop.example"))
    own = await id_of(desk, ANN)
    with pytest.raises(UsageError, match="only admin"):
        await account.disable(context.database, tenant.tenant, own)
    answer = await ann.post(f"/people/{own}/role", {"csrf": await ann.csrf(), "role": "agent"})
    assert (answer.status, b"only admin" in answer.body) == (422, True)


@pytest.mark.parametrize("admins", [2, 3])
async def test_admins_who_disable_each_other_at_once_leave_one(
    admins: int, context: Context, tenant: Tenant, origin: str, desk: Desk
) -> None:
    emails = [f"{number}@shop.example" for number in range(admins)]
    visitors = [await person(context, tenant, origin, email, admin=True) for email in emails]
    ids = [await id_of(desk, email) for email in emails]
    for _ in range(3):
        csrfs = [await visitor.csrf() for visitor in visitors]
        ring = zip(visitors, csrfs, [*ids[1:], ids[0]], strict=True)
        answers = await asyncio.gather(*(each.post(f"/people/{it}/disable", {"csrf": csrf}) for each, csrf, it in ring))
        done = sum(answer.headers["location"] == "/people" for answer in answers)
        left = [row.disabled_at is None for row in await people(context, tenant)].count(True)
        assert left == admins - done >= 1
        for user_id, visitor, email in zip(ids, visitors, emails, strict=True):
            await account.enable(context.database, tenant.tenant, user_id)
            await visitor.log_in(email)


async def test_an_admin_who_was_disabled_meanwhile_disables_nobody(context: Context, tenant: Tenant) -> None:
    ids = [await add_user(context.database, tenant.tenant, f"{n}@shop.example", PASSWORD, admin=True) for n in range(3)]
    first, second, third = ids
    assert await account.disable(context.database, tenant.tenant, second, first)
    for target in (first, third):
        with pytest.raises(NotAdmin):
            await account.disable(context.database, tenant.tenant, target, second)


async def test_what_a_disabled_admin_has_under_way_undoes_nothing(
    ann: Visitor, context: Context, tenant: Tenant, desk: Desk
) -> None:
    bo = await person(context, tenant, ann.origin, "bo@shop.example", admin=True)
    gone, csrf = await id_of(desk, "bo@shop.example"), await bo.csrf()
    wishes: list[tuple[str, dict[str, str]]] = [
        (f"/people/{gone}/enable", {}),
        (f"/people/{gone}/role", {"role": "admin"}),
        (f"/people/{await id_of(desk, ANN)}/disable", {}),
        ("/people", {"email": "mallory@shop.example", "role": "admin"}),
    ]
    async with context.database.tenant(tenant.tenant) as session:
        await users.lock_admins(session)
        late = [asyncio.create_task(bo.post(path, {"csrf": csrf, **fields})) for path, fields in wishes]
        await asyncio.sleep(1)
        assert not any(task.done() for task in late), "all are past the door"
        await users.disable(session, gone)
        await sessions.close_others(session, gone, None)
    assert [(await task).status for task in late] == [403] * 4
    states = {row.email: row.disabled_at is not None for row in await people(context, tenant)}
    assert states == {ANN: False, "bo@shop.example": True}


async def test_a_login_that_is_under_way_opens_no_session(
    gus: Visitor, context: Context, tenant: Tenant, desk: Desk
) -> None:
    gone = await id_of(desk, GUS)
    async with context.database.tenant(tenant.tenant) as session:
        await users.disable(session, gone)
        await sessions.close_others(session, gone, None)
        late = asyncio.create_task(Visitor(gus.origin).log_in(GUS))
        await asyncio.sleep(1)
        assert not late.done()
    assert (await late).status == 401
    assert await desk.all("SELECT 1 FROM sessions WHERE tenant = %(tenant)s") == []


async def test_only_admins_of_the_tenant_disable_its_people(
    ann: Visitor, gus: Visitor, context: Context, tenant: Tenant, other_tenant: Tenant, desk: Desk
) -> None:
    target = await id_of(desk, ANN)
    bob = await person(context, other_tenant, ann.origin, "bob@neighbour.example", admin=True)
    for word in ("disable", "enable"):
        assert await change(bob, word, target) == 404
        assert await change(bob, word, tenant.system_user_id) == 404
        assert await change(ann, word, uuid4()) == 404
        assert await change(ann, word, tenant.system_user_id) == 404
        assert await change(gus, word, target) == 403
        assert (await ann.post(f"/people/{target}/{word}", {"csrf": "made up"})).status == 403
        foreign = await ann.post(f"/people/{target}/{word}", {"csrf": await ann.csrf()}, Origin="https://evil.example")
        assert foreign.status == 403
        assert (await ann.get(f"/people/{target}/{word}")).status == 405
        assert (await ann.post(f"/people/none/{word}", {"csrf": await ann.csrf()})).status == 404
    states = await desk.all("SELECT 1 FROM users WHERE tenant = %(tenant)s AND disabled_at IS NOT NULL")
    assert states == []


async def test_disabling_twice_is_disabling_once(ann: Visitor, gus: Visitor, desk: Desk) -> None:
    gone = await id_of(desk, GUS)
    csrf = await ann.csrf()
    both = await asyncio.gather(*(ann.post(f"/people/{gone}/disable", {"csrf": csrf}) for _ in range(2)))
    assert [answer.status for answer in both] == [303, 303]
    assert (await gus.get("/mail")).status == 303


async def test_single_sign_on_lets_nobody_in_who_is_disabled(
    shop: Shop, context: Context, tenant: Tenant, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.sign_in()
    shop.issuer.login = Login(email="bob@shop.example", subject="b0b")
    never_added = await shop.sign_in()
    shop.issuer.login = Login()
    await account.disable(context.database, tenant.tenant, await id_of(desk, ANN))
    refused = await shop.sign_in()
    assert (refused.status, message(refused)) == (never_added.status, message(never_added))
    assert '"detail": "disabled"' in capsys.readouterr().out
    await account.enable(context.database, tenant.tenant, await id_of(desk, ANN))
    assert (await shop.sign_in()).status == 303


async def test_a_first_sign_in_neither_binds_nor_makes_anew_who_is_disabled(
    context: Context, tenant: Tenant, desk: Desk
) -> None:
    ann = await add_user(context.database, tenant.tenant, ANN, PASSWORD, admin=True)
    await add_user(context.database, tenant.tenant, "bo@shop.example", PASSWORD, admin=True)
    await account.disable(context.database, tenant.tenant, ann)
    async with shop_of(
        context, tenant.name, agent_domains=("shop.example",), admin_claim=("roles", "md-admin")
    ) as shop:
        assert (await shop.sign_in()).status == 403
    assert await desk.all("SELECT 1 FROM user_identities WHERE tenant = %(tenant)s") == []
    assert len(await desk.all("SELECT 1 FROM users WHERE tenant = %(tenant)s AND email IS NOT NULL")) == 2
