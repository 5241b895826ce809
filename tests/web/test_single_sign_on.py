import dataclasses
import re
from typing import Any

import pytest

from maildock.access.people import add_user
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.servers.openid.tokens import Login
from tests.web.server import SETTINGS, serving
from tests.web.signing_on import START, Shop, asked_of, message, shop_of
from tests.web.visitor import PASSWORD, Visitor, person

ANN = "ann@shop.example"


async def test_somebody_who_was_added_signs_in_and_out(shop: Shop) -> None:
    ann = Visitor(shop.origin)
    answer = await shop.sign_in(ann, "/mail")
    assert (answer.status, answer.headers["location"]) == (303, "/mail")
    assert ANN in await ann.text("/mail")
    await ann.post("/logout", {"csrf": await ann.csrf()})
    assert (await ann.get("/mail")).status == 303


async def test_the_issuer_is_asked_by_code_with_state_nonce_and_challenge(shop: Shop) -> None:
    first, second = [asked_of((await Visitor(shop.origin).get(START)).headers["location"]) for _ in range(2)]
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == f"{shop.origin}/login/sso/callback"
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


async def test_what_a_browser_takes_along_is_out_of_reach_and_short_lived(shop: Shop) -> None:
    left = await Visitor(shop.origin).get(START)
    parts = {part.strip().lower() for part in left.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=lax", "path=/", "max-age=600"} <= parts


async def test_the_login_page_names_the_other_way_only_where_there_is_one(shop: Shop, context: Context) -> None:
    assert "Sign in with the Shop&#39;s login" in await Visitor(shop.origin).text("/login?next=/mail")
    async with serving(context) as without:
        assert "Sign in with" not in await Visitor(without).text("/login")
        assert (await Visitor(without).get(START)).status == 404


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example", "/%5Cevil.example", "/login/sso"])
async def test_signing_in_leads_only_to_our_own_pages(shop: Shop, goal: str) -> None:
    assert (await shop.sign_in(goal=goal)).headers["location"] == "/"


async def test_an_unknown_person_is_refused_and_not_made(shop: Shop, desk: Desk) -> None:
    shop.issuer.login = Login(email="bob@shop.example")
    refused = await shop.sign_in()
    assert refused.status == 403
    assert "ask an admin to add your email" in message(refused)
    assert len(await desk.all("SELECT 1 FROM users WHERE tenant = %(tenant)s AND email IS NOT NULL")) == 1


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_email_that_is_not_verified_opens_nothing(shop: Shop, verified: object) -> None:
    shop.issuer.login = Login(verified=verified)
    assert "does not say that your email is verified" in message(await shop.sign_in())


async def test_an_email_is_known_in_any_spelling(shop: Shop) -> None:
    shop.issuer.login = Login(email="Ann@Shop.Example")
    assert (await shop.sign_in()).status == 303


@pytest.mark.parametrize("email", ["ann@\u017fhop.example", "ann@shop.example\x00", "ann", "%", " "])
async def test_an_email_that_is_only_alike_opens_nothing(shop: Shop, email: str) -> None:
    shop.issuer.login = Login(email=email)
    assert (await shop.sign_in()).status == 403


async def test_behind_https_what_a_browser_takes_along_never_travels_without_it(shop: Shop, context: Context) -> None:
    settings = dataclasses.replace(SETTINGS, public_url="https://desk.example")
    async with serving(context, settings, sign_on=shop.sign_on) as origin:
        left = await Visitor(origin).get(START)
    assert left.headers["set-cookie"].startswith("__Host-maildock-sso=")
    assert "; secure" in left.headers["set-cookie"].lower()


async def test_a_bound_login_keeps_its_person_when_its_address_changes(
    shop: Shop, context: Context, tenant: Tenant
) -> None:
    await add_user(context.database, tenant.tenant, "boss@shop.example", PASSWORD, admin=True)
    await shop.sign_in()
    shop.issuer.login = Login(email="boss@shop.example")
    ann = Visitor(shop.origin)
    await shop.sign_in(ann)
    page = await ann.text("/account")
    assert ANN in page
    assert "boss@" not in page


async def test_an_address_given_to_somebody_else_opens_nobodys_account(shop: Shop) -> None:
    await shop.sign_in()
    shop.issuer.login = Login(subject="somebody new")
    assert "bound to another login" in message(await shop.sign_in())


async def test_two_first_sign_ins_at_once_are_one_person(shop: Shop, desk: Desk) -> None:
    visitors = [Visitor(shop.origin) for _ in range(3)]
    ways = [await shop.way_back(visitor) for visitor in visitors]
    answers = [await visitor.get(way) for visitor, way in zip(visitors, ways, strict=True)]
    assert [answer.status for answer in answers] == [303] * 3
    assert len(await desk.all("SELECT 1 FROM user_identities WHERE tenant = %(tenant)s")) == 1


async def test_only_the_tenant_that_is_set_is_entered(
    shop: Shop, context: Context, other_tenant: Tenant, tenant: Tenant
) -> None:
    await add_user(context.database, other_tenant.tenant, "carl@other.example", PASSWORD, admin=True)
    shop.issuer.login = Login(email="carl@other.example", subject="carl")
    assert "ask an admin" in message(await shop.sign_in())
    await add_user(context.database, other_tenant.tenant, ANN, PASSWORD, admin=True)
    shop.issuer.login = Login()
    ann = Visitor(shop.origin)
    await shop.sign_in(ann)
    assert ann.cookies["maildock"].startswith(tenant.tenant.hex)


async def test_signing_out_everywhere_ends_sessions_of_both_kinds(shop: Shop) -> None:
    by_issuer, by_password = Visitor(shop.origin), Visitor(shop.origin)
    await shop.sign_in(by_issuer)
    await by_password.log_in(ANN)
    await by_password.post("/account/sessions", {"csrf": await by_password.csrf()})
    assert [(await each.get("/mail")).status for each in (by_issuer, by_password)] == [303, 303]


async def test_a_person_who_was_removed_is_out(shop: Shop, desk: Desk) -> None:
    ann = Visitor(shop.origin)
    await shop.sign_in(ann)
    await desk.all("DELETE FROM users WHERE tenant = %(tenant)s AND email IS NOT NULL")
    assert (await ann.get("/mail")).status == 303
    assert "ask an admin" in message(await shop.sign_in())


async def test_signing_in_ends_the_session_before_it(shop: Shop) -> None:
    ann, before = Visitor(shop.origin), Visitor(shop.origin)
    way = await shop.way_back(ann)
    await ann.log_in(ANN)
    before.cookies = dict(ann.cookies)
    assert (await ann.get(way)).status == 303
    assert (await ann.get("/mail")).status == 200
    assert (await before.get("/mail")).status == 303


async def test_unknown_people_of_named_domains_become_agents(context: Context, tenant: Tenant) -> None:
    async with shop_of(context, tenant.name, agent_domains=("shop.example",)) as shop:
        bob = Visitor(shop.origin)
        shop.issuer.login = Login(email="bob@shop.example")
        assert (await shop.sign_in(bob)).status == 303
        assert "You are an agent" in await bob.text("/account")
        shop.issuer.login = Login(subject="eve", email="eve@evil.shop.example")
        assert "ask an admin" in message(await shop.sign_in())


async def _role_with(shop: Shop, roles: object) -> str:
    shop.issuer.login = Login().saying(roles=roles)
    ann = Visitor(shop.origin)
    await shop.sign_in(ann)
    return "admin" if "You are an admin" in await ann.text("/account") else "agent"


async def test_a_claim_makes_admins_and_its_lack_agents(context: Context, tenant: Tenant) -> None:
    for email in (ANN, "boss@shop.example"):
        await add_user(context.database, tenant.tenant, email, PASSWORD, admin=email != ANN)
    async with shop_of(context, tenant.name, admin_claim=("roles", "md-admin")) as shop:
        said = (["x", "md-admin"], ["x"], "md-admin", None, "not-md-admin", {"md-admin": 1})
        roles = [await _role_with(shop, each) for each in said]
    assert roles == ["admin", "agent", "admin", "agent", "agent", "agent"]


async def test_no_claim_takes_the_last_admin_away(context: Context, tenant: Tenant) -> None:
    await add_user(context.database, tenant.tenant, ANN, PASSWORD, admin=True)
    async with shop_of(context, tenant.name, admin_claim=("roles", "md-admin")) as shop:
        assert await _role_with(shop, []) == "admin"


async def test_a_code_is_good_once(shop: Shop) -> None:
    ann = Visitor(shop.origin)
    way = await shop.way_back(ann)
    taken_along = dict(ann.cookies)
    assert (await ann.get(way)).status == 303
    assert "begun in another browser" in message(await Visitor(shop.origin).get(way))
    replayed = Visitor(shop.origin, taken_along)
    assert (await replayed.get(way)).status == 401


@pytest.mark.parametrize("change", ["no cookie", "another's cookie", "another state", "a changed cookie", "no state"])
async def test_an_answer_that_this_browser_did_not_ask_for_is_refused(shop: Shop, change: str) -> None:
    ann, eve = Visitor(shop.origin), Visitor(shop.origin)
    way = await shop.way_back(ann)
    await shop.way_back(eve)
    if change == "no cookie":
        ann.cookies.clear()
    elif change == "another's cookie":
        ann.cookies = eve.cookies
    elif change == "a changed cookie":
        ann.cookies = {name: f"A{value}" for name, value in ann.cookies.items()}
    else:
        way = way.replace("state=", "state=x" if change == "another state" else "other=")
    answer = await ann.get(way)
    assert (answer.status, "begun in another browser" in message(answer)) == (400, True)
    assert shop.asked("POST /token") == 0


async def test_cancelling_is_no_error(shop: Shop) -> None:
    ann = Visitor(shop.origin)
    answer = await ann.get(await shop.way_back(ann, way="Cancel"))
    assert (answer.status, shop.asked("POST /token")) == (401, 0)
    assert "start again, or use your password" in message(answer)


async def test_another_issuers_answer_is_refused(shop: Shop) -> None:
    shop.issuer.answers = {"iss": "https://evil.example"}
    assert "cannot be trusted" in message(await shop.sign_in())
    shop.issuer.answers = {"iss": shop.issuer.url}
    assert (await shop.sign_in()).status == 303


async def test_an_issuer_that_says_so_must_name_itself(shop: Shop) -> None:
    shop.issuer.discovery = {"authorization_response_iss_parameter_supported": True}
    assert "cannot be trusted" in message(await shop.sign_in())
    assert shop.asked("POST /token") == 0


async def test_a_client_that_must_post_its_secret_does(shop: Shop) -> None:
    shop.issuer.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await shop.sign_in()).status == 303


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://shop.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_discovery_that_is_wrong_leads_nowhere(shop: Shop, said: dict[str, Any]) -> None:
    shop.issuer.discovery = said
    answer = await Visitor(shop.origin).get(START)
    assert (answer.status, "cannot be trusted" in message(answer)) == (502, True)


@pytest.mark.parametrize("where", ["GET /.well-known", "GET /keys", "POST /token"])
@pytest.mark.parametrize("kind", ["redirect", "cut", "garbage", "stall", "huge"])
async def test_an_issuer_that_fails_is_not_waited_for_and_asked_again_the_next_time(
    shop: Shop, where: str, kind: str
) -> None:
    if kind == "stall":
        # Long enough for the answers before it, also on a busy machine.
        shop.sign_on.issuer.ask_seconds = 2
    if kind == "huge":
        shop.issuer.huge = where
    else:
        shop.issuer.faults.add(where, 1, kind)
    ann = Visitor(shop.origin)
    left = await ann.get(START)
    answer = left if left.status != 303 else await ann.get(await shop.chosen(left.headers["location"]))
    assert answer.status == (502 if kind == "garbage" else 503), message(answer)
    shop.sign_on.issuer.ask_seconds, shop.issuer.huge = 10, ""
    assert (await shop.sign_in(ann)).status == 303


async def test_an_outage_of_the_issuer_locks_nobody_out_of_passwords(shop: Shop) -> None:
    ann = Visitor(shop.origin)
    for _ in range(21):
        shop.issuer.faults.add("POST /token", 1, "redirect")
        assert (await shop.sign_in()).status == 503
    assert (await ann.log_in(ANN)).status == 303


async def test_an_address_that_keeps_failing_is_slowed_down(shop: Shop) -> None:
    answers = [await Visitor(shop.origin).get("/login/sso/callback?code=x&state=y") for _ in range(21)]
    assert [answer.status for answer in answers] == [400] * 20 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 15


async def test_the_log_names_nobody(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await shop.sign_in()
    shop.issuer.login = Login(subject="b0b", email="bob@shop.example")
    await shop.sign_in()
    said = capsys.readouterr().out
    assert "signed in through the issuer" in said
    assert "NotAdded" in said
    assert "@" not in said
    assert "b0b" not in said


async def test_an_admin_unlinks_a_login_and_the_next_one_is_bound(shop: Shop, context: Context, tenant: Tenant) -> None:
    ann, boss = Visitor(shop.origin), await person(context, tenant, shop.origin, "boss@shop.example", admin=True)
    await shop.sign_in(ann)
    page = await boss.text("/people")
    (path,) = re.findall(r'action="(/people/[^"]+/unlink)"', page)
    assert (await ann.post(path, {"csrf": await ann.csrf()})).status == 403
    assert (await boss.post(path, {"csrf": await boss.csrf()})).status == 303
    assert (await ann.get("/mail")).status == 303
    assert (await boss.post(path, {"csrf": await boss.csrf()})).status == 404
    shop.issuer.login = Login(subject="somebody new")
    assert (await shop.sign_in()).status == 303


async def test_another_tenants_admin_unlinks_nobody(
    shop: Shop, context: Context, tenant: Tenant, other_tenant: Tenant
) -> None:
    boss = await person(context, tenant, shop.origin, "boss@shop.example", admin=True)
    await shop.sign_in()
    (path,) = re.findall(r'action="(/people/[^"]+/unlink)"', await boss.text("/people"))
    stranger = await person(context, other_tenant, shop.origin, "root@other.example", admin=True)
    assert (await stranger.post(path, {"csrf": await stranger.csrf()})).status == 404
    assert (await shop.sign_in()).status == 303
