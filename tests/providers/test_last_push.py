"""A check says when a push was last accepted, and what to see to where none ever was."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from maildock.flow.check_mailbox import check_mailbox
from maildock.providers.base import Step
from maildock.tables import email_providers
from tests.mail import mail
from tests.providers.hearing import Hearing, hearing, until
from tests.providers.vendors import MailboxDesk, Vendor, connected


@pytest.fixture
async def heard(environment: dict[str, str], owner_dsn: str, tmp_path: Path) -> AsyncIterator[Hearing]:
    async with hearing(environment, owner_dsn, tmp_path, 600) as heard:
        yield heard


@pytest.fixture
async def box(heard: Hearing, vendor: Vendor) -> MailboxDesk:
    """A mailbox that was connected just now, and whose pushes are lost."""
    vendor.origin, vendor.copies.turns = heard.web.origin, (0,)
    return await connected(heard.desk, vendor)


async def last_push(box: MailboxDesk) -> Step:
    """Check the mailbox; gives the last step."""
    tenant = box.desk.tenant.tenant
    async with box.desk.context.database.tenant(tenant) as session:
        row = await email_providers.get(session, box.provider_id)
    assert row
    found = [step async for step in check_mailbox(box.desk.context, tenant, row)]
    assert all(step.ok for step in found), found
    assert found[-1].step == "last_push"
    return found[-1]


async def test_that_no_push_ever_came_is_said_with_what_to_see_to(box: MailboxDesk) -> None:
    await box.work()
    box.vendor.deliver(mail("Printer"))
    found = await last_push(box)
    connected_at = (await box.provider())["created_at"]
    assert found.detail == f"no push was ever accepted, since the mailbox was connected at {connected_at:%FT%TZ}"
    assert f"/webhooks/{box.vendor.kind}/{box.desk.tenant.tenant}/{box.provider_id}" in str(found.remedy)


async def test_the_last_push_is_told_to_the_second(box: MailboxDesk) -> None:
    box.vendor.copies.turns = (1,)
    await box.work()
    box.vendor.deliver(mail("Printer"))

    async def came() -> bool:
        return (await box.provider())["last_push_at"] is not None

    await until(came)
    found = await last_push(box)
    at = (await box.provider())["last_push_at"]
    assert (found.detail, found.remedy) == (f"a push was last accepted at {at:%FT%TZ}", None)


async def test_where_no_push_is_expected_nothing_is_to_be_seen_to(box: MailboxDesk) -> None:
    box.vendor.origin = ""
    found = await last_push(await connected(box.desk, box.vendor, "other@shop.example"))
    assert (found.detail.partition(",")[0], found.remedy) == ("no push was ever accepted", None)
