"""Who may see the operators' pages: nobody of another tenant, no stranger, and agents not all of them."""

import re

import pytest

from maildock.domain.ids import file_provider_id
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import EMAILS, LEDGER, Desk
from tests.mail import mail
from tests.web.visitor import Visitor, person

LISTS = ("/mail", "/mail/parts", "/providers", "/dashboard")
FOR_ADMINS = ("/providers", "/dashboard")
SECRETS = ("Printer-4711", "secret.txt", "ada@customer.example")


@pytest.fixture
async def bob(context: Context, other_tenant: Tenant, origin: str) -> Visitor:
    return await person(context, other_tenant, origin, "bob@neighbour.example", admin=True)


async def failed(desk: Desk) -> dict[str, str]:
    """Fill a desk with a mail whose part is dead, and give the fields that name it."""
    (receipt,) = await desk.ingest(
        mail("Printer-4711", sender="ada@customer.example").attach("secret.txt", b"secret content")
    )
    await desk.receive(mail("Not read"))
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'dead', reason = 'corrupt' WHERE tenant = %(tenant)s"
    )
    await desk.all(
        "UPDATE email_processed_messages SET status = 'dead' WHERE tenant = %(tenant)s AND status = 'received'"
    )
    part = (await desk.ledger())["secret.txt"]
    return {
        "provider_id": str(receipt.provider_id),
        "email_id": receipt.email_id,
        "attachment_id": part["attachment_id"],
    }


async def test_another_tenants_admin_gets_nothing(bob: Visitor, desk: Desk) -> None:
    names = await failed(desk)
    before = await desk.all(EMAILS), await desk.all(LEDGER)
    box = file_provider_id(desk.tenant.tenant)
    for path in LISTS:
        for query in ("", f"?provider={box}", f"?provider={box}&status=dead"):
            page = await bob.text(path + query)
            assert not [secret for secret in (*SECRETS, str(box)) if f">{secret}" in page], path
    for page in ("message", "raw"):
        query = f"provider={names['provider_id']}&email={names['email_id']}"
        assert (await bob.get(f"/mail/{page}?{query}")).status == 404
    figures = re.findall(r'<data (?:id="[^"]+" )?value="([^"]+)"', await bob.text("/dashboard"))
    assert set(figures) == {"0"}
    csrf = await bob.csrf()
    assert (await bob.post("/mail/retry", {**names, "csrf": csrf})).status == 404
    assert (await bob.post("/mail/retry", {**names, "attachment_id": "", "csrf": csrf})).status == 404
    assert (await bob.post("/mail/retry-all", {"csrf": csrf})).status == 303
    assert (await desk.all(EMAILS), await desk.all(LEDGER)) == before


async def test_an_agent_sees_the_mail_but_no_admins_page(
    context: Context, tenant: Tenant, origin: str, desk: Desk
) -> None:
    await failed(desk)
    ann = await person(context, tenant, origin, "ann@shop.example")
    for path in LISTS:
        answer = await ann.get(path)
        assert answer.status == (403 if path in FOR_ADMINS else 200), path
    page = await ann.text("/mail")
    assert not [path for path in FOR_ADMINS if f'href="{path}"' in page]


async def test_a_stranger_is_sent_to_the_login(origin: str) -> None:
    stranger = Visitor(origin)
    for path in (*LISTS, "/mail/message?provider=x", "/mail/raw"):
        answer = await stranger.get(path)
        assert (answer.status, answer.headers["location"][:6]) == (303, "/login")
    for path in ("/mail/retry", "/mail/retry-all"):
        assert (await stranger.post(path, {})).headers["location"] == "/login?unsent=yes&next=%2F"
