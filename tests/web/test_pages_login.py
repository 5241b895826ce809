import dataclasses

import pytest
from argon2 import PasswordHasher

from maildock.access.login import Attempt, Doorkeeper, TooManyAttempts
from maildock.access.people import add_user
from maildock.access.throttle import Patience, Throttle
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from maildock.web.pages.login import own_path
from tests.desk import Desk
from tests.web.server import SETTINGS, serving
from tests.web.visitor import PASSWORD, Visitor, person

ANN = "ann@shop.example"


@pytest.fixture
async def ann(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, ANN)


async def test_whoever_is_not_logged_in_is_sent_to_the_login(origin: str, tenant: Tenant) -> None:
    for path in (
        "/",
        "/mail",
        "/providers",
        "/tickets/1",
        "/tickets/1/documents.zip",
        f"/tickets/1/documents/{tenant}",
    ):
        answer = await Visitor(origin).get(path.replace(" ", "%20"))
        assert (answer.status, answer.headers["location"][:6]) == (303, "/login"), path


async def test_a_person_logs_in_and_out(ann: Visitor) -> None:
    before = dict(ann.cookies)
    assert "Log out" in await ann.text("/")
    assert (await ann.post("/logout", {"csrf": await ann.csrf()})).headers["location"] == "/login"
    for cookies in (ann.cookies, before):
        assert (await Visitor(ann.origin, cookies).get("/")).status == 303


async def test_an_email_is_known_in_any_spelling(ann: Visitor) -> None:
    assert (await Visitor(ann.origin).log_in(" ANN@Shop.Example ")).status == 303


async def test_the_cookie_is_out_of_reach(ann: Visitor) -> None:
    answer = await Visitor(ann.origin).log_in(ANN)
    parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=lax", "path=/"} <= parts
    assert "secure" not in parts


async def test_behind_https_the_cookie_never_travels_without_it(context: Context, tenant: Tenant) -> None:
    await add_user(context.database, tenant.tenant, ANN, PASSWORD, admin=False)
    async with serving(context, dataclasses.replace(SETTINGS, public_url="https://desk.example")) as origin:
        answer = await Visitor(origin).log_in(ANN)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-maildock"
    assert "; secure" in rest.lower()
    assert "domain=" not in rest.lower()


async def test_an_unknown_email_is_refused_like_a_wrong_password(ann: Visitor) -> None:
    wrong = await Visitor(ann.origin).log_in(ANN, "not the password")
    unknown = await Visitor(ann.origin).log_in("bob@shop.example", "not the password")
    assert wrong.status == unknown.status == 401
    assert wrong.body.replace(b"ann@", b"bob@") == unknown.body


@pytest.mark.parametrize("email", [ANN, "nobody@shop.example"])
async def test_guessing_is_slowed_down_whether_the_email_exists_or_not(ann: Visitor, email: str) -> None:
    guesser = Visitor(ann.origin)
    statuses = [(await guesser.log_in(email, f"guess {number}")).status for number in range(5)]
    locked = await guesser.log_in(email)
    assert (statuses, locked.status) == ([401] * 5, 429)
    assert 0 < int(locked.headers["retry-after"]) <= 15
    assert b"too many attempts" in locked.body


async def test_an_address_that_guesses_is_slowed_down(context: Context) -> None:
    doorkeeper = Doorkeeper(context.database, addresses=Throttle(Patience(1, 60, 60)))
    for address, refused in (("2001:db8::1", False), ("2001:db8::2", True), ("2001:db8:1::1", False)):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the kind is what is compared
            await doorkeeper.log_in(Attempt("x@shop.example", "guess", "", address))
        assert isinstance(caught.value, TooManyAttempts) is refused


async def test_logging_in_forgives_earlier_slips(ann: Visitor) -> None:
    for _ in range(2):
        for _ in range(4):
            await Visitor(ann.origin).log_in(ANN, "a slip")
        assert (await Visitor(ann.origin).log_in(ANN)).status == 303


def test_the_wait_doubles_and_is_forgotten_after_a_quiet_time() -> None:
    now = [0.0]
    throttle = Throttle(Patience(2, 10, 40), clock=lambda: now[0])
    waits = []
    for _ in range(5):
        throttle.count("key")
        waits.append(throttle.waits("key"))
    now[0] = 40 + 41
    throttle.count("key")
    assert (waits, throttle.waits("key")) == ([0, 10, 20, 40, 40], 0)


def test_the_throttle_remembers_a_bounded_number_of_keys() -> None:
    throttle = Throttle(Patience(1, 10, 10), room=2)
    for key in "abc":
        throttle.count(key)
    assert [throttle.waits(key) > 0 for key in "abc"] == [False, True, True]


async def test_a_login_ends_the_session_before_it(ann: Visitor) -> None:
    before = Visitor(ann.origin, dict(ann.cookies))
    await ann.log_in(ANN)
    assert (await ann.get("/")).status == 200
    assert (await before.get("/")).status == 303


async def test_a_cookie_opens_nothing_once_it_is_changed(ann: Visitor, other_tenant: Tenant) -> None:
    ((name, good),) = ann.cookies.items()
    tenant, session, secret = good.split(".")
    for bad in (
        "x",
        "..",
        f"{tenant}.{session}.",
        f"{tenant}.{session}.{secret}x",
        f"{other_tenant.tenant}.{session}.{secret}",
    ):
        assert (await Visitor(ann.origin, {name: bad}).get("/")).status == 303


async def test_a_session_ends_by_itself(ann: Visitor, desk: Desk) -> None:
    await desk.all("UPDATE sessions SET expires_at = now() WHERE tenant = %(tenant)s")
    assert (await ann.get("/")).status == 303


async def test_a_session_in_use_lasts_but_not_for_ever(ann: Visitor, desk: Desk) -> None:
    await desk.all(
        "UPDATE sessions SET created_at = now() - interval '6 days 23 hours', expires_at = now() + interval '1 hour'"
        " WHERE tenant = %(tenant)s"
    )
    await ann.get("/")
    ((left,),) = [
        tuple(row.values())
        for row in await desk.all(
            "SELECT expires_at - created_at < interval '7 days 1 second' FROM sessions WHERE tenant = %(tenant)s"
        )
    ]
    assert left is True


async def test_neither_password_nor_cookie_can_be_read_from_the_database(ann: Visitor, desk: Desk) -> None:
    ((_, cookie),) = ann.cookies.items()
    kept = await desk.all(
        "SELECT password_hash, secret_hash FROM users AS u JOIN sessions AS s ON s.tenant = %(tenant)s"
        " WHERE u.tenant = %(tenant)s AND u.email IS NOT NULL"
    )
    assert kept[0]["password_hash"].startswith("$argon2id$")
    assert cookie.split(".")[2].encode() not in bytes(kept[0]["secret_hash"])


async def test_a_hash_of_old_parameters_is_renewed_at_login(ann: Visitor, desk: Desk) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await desk.all(
        "UPDATE users SET password_hash = %(weak)s WHERE tenant = %(tenant)s AND email IS NOT NULL", weak=weak
    )
    assert (await ann.log_in(ANN)).status == 303
    ((renewed,),) = [
        tuple(row.values())
        for row in await desk.all("SELECT password_hash FROM users WHERE tenant = %(tenant)s AND email IS NOT NULL")
    ]
    assert "m=65536,t=3,p=4" in renewed
    assert (await ann.log_in(ANN)).status == 303


async def test_the_password_says_which_of_two_tenants_is_meant(
    ann: Visitor, context: Context, other_tenant: Tenant
) -> None:
    await add_user(context.database, other_tenant.tenant, ANN, "another password", admin=False)
    there = Visitor(ann.origin)
    for _ in range(6):
        assert (await there.log_in(ANN, "another password")).status == 303
    assert there.cookies["maildock"].startswith(other_tenant.tenant.hex)
    assert (await ann.log_in(ANN)).status == 303


async def test_one_password_for_two_tenants_needs_the_tenants_name(
    ann: Visitor, context: Context, other_tenant: Tenant
) -> None:
    await add_user(context.database, other_tenant.tenant, ANN, PASSWORD, admin=False)
    unsure = await Visitor(ann.origin).log_in(ANN)
    named = await Visitor(ann.origin).log_in(ANN, tenant=other_tenant.name)
    assert (unsure.status, named.status) == (409, 303)
    refused = await Visitor(ann.origin).log_in(ANN, tenant="Nobody's")
    assert (refused.status, b'value="Nobody&#39;s"' in refused.body) == (401, True)


@pytest.mark.parametrize(
    ("goal", "path"),
    [
        ("/tickets/7?before=x", "/tickets/7?before=x"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/logout", "/"),
        ("", "/"),
        ("http://[", "/"),
    ],
)
def test_a_login_leads_only_to_our_own_pages(goal: str, path: str) -> None:
    assert own_path(goal) == path


async def test_a_login_goes_on_to_where_the_person_wanted_to_be(ann: Visitor) -> None:
    away = await Visitor(ann.origin).get("/tickets/3")
    assert away.headers["location"] == "/login?next=%2Ftickets%2F3"
    for referer, goal in (
        (f"{ann.origin}/tickets/3?a=b", "%2Ftickets%2F3%3Fa%3Db"),
        # There a form was answered, and nothing is to be seen.
        (f"{ann.origin}/people/7/role", "%2Fpeople"),
        (f"{ann.origin}/account/password", "%2Faccount"),
        (f"{ann.origin}/nowhere/at/all", "%2F"),
        ("http://[", "%2F"),
        ("", "%2F"),
    ):
        sent = await Visitor(ann.origin).post("/tickets/3/status", {"status": "closed"}, Referer=referer)
        assert sent.headers["location"] == f"/login?unsent=yes&next={goal}"
    assert "You were logged out before your form was sent." in await Visitor(ann.origin).text("/login?unsent=yes")
    assert (await Visitor(ann.origin).log_in(ANN, next="/tickets/3")).headers["location"] == "/tickets/3"
    assert (await ann.get("/login?next=/mail")).headers["location"] == "/mail"


async def test_a_form_from_elsewhere_is_refused(ann: Visitor) -> None:
    csrf = await ann.csrf()
    for fields, headers in (
        ({}, {}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": "é"}, {}),
        ({"csrf": csrf}, {"Origin": "https://evil.example"}),
        ({"csrf": csrf}, {"Origin": "null"}),
    ):
        answer = await ann.post("/logout", fields, **headers)
        assert answer.status == 403
        assert b"reload the page" in answer.body
    assert (await ann.post("/login", {"email": ANN, "password": PASSWORD}, Origin="https://evil.example")).status == 403
    assert (await ann.get("/")).status == 200


async def test_another_sessions_form_is_refused(ann: Visitor) -> None:
    second = Visitor(ann.origin)
    await second.log_in(ANN)
    assert (await ann.post("/logout", {"csrf": await second.csrf()})).status == 403


async def test_forms_signed_with_the_last_key_still_count(context: Context, ann: Visitor) -> None:
    csrf = await ann.csrf()
    rotated = dataclasses.replace(SETTINGS, secret_keys=("a new key", *SETTINGS.secret_keys))
    async with serving(context, rotated) as origin:
        again = Visitor(origin, ann.cookies)
        assert await again.csrf() != csrf
        assert (await again.post("/logout", {"csrf": csrf})).status == 303


async def test_an_endless_form_is_refused(origin: str) -> None:
    assert (await Visitor(origin).log_in("x" * 70_000)).status == 413


async def test_only_an_admin_sees_the_mailboxes(ann: Visitor, context: Context, tenant: Tenant) -> None:
    root = await person(context, tenant, ann.origin, "root@shop.example", admin=True)
    refused = await ann.get("/providers")
    assert refused.status == 403
    assert b"Only an admin" in refused.body
    assert 'href="/providers"' not in await ann.text("/")
    assert "Files and uploads" in await root.text("/providers")
