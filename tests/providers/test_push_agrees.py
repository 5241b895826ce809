"""What a check says of push, and what the mailbox's health says, is the same."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildock.flow.check_mailbox import check_mailbox
from maildock.flow.health import Health, judge
from maildock.providers.base import Step
from maildock.tables import email_providers
from tests.providers.hearing import Hearing, hearing
from tests.providers.vendors import MailboxDesk, Vendor, connected


@pytest.fixture
async def heard(environment: dict[str, str], owner_dsn: str, tmp_path: Path) -> AsyncIterator[Hearing]:
    async with hearing(environment, owner_dsn, tmp_path, 600) as heard:
        yield heard


@pytest.fixture
async def box(heard: Hearing, vendor: Vendor) -> MailboxDesk:
    vendor.origin = heard.web.origin
    return await connected(heard.desk, vendor)


WATCHING = {"microsoft": "POST /v1.0/subscriptions", "gmail": "/watch"}


async def push(box: MailboxDesk) -> tuple[Step, Health]:
    """Check the mailbox; gives what the check says of push, and the health then."""
    tenant, context = box.desk.tenant.tenant, box.desk.context
    async with context.database.tenant(tenant) as session:
        row = await email_providers.get(session, box.provider_id)
    assert row
    (step,) = [step async for step in check_mailbox(context, tenant, row) if step.step == "push"]
    await box.work()
    async with context.database.tenant(tenant) as session:
        row = await email_providers.get(session, box.provider_id)
        work = await email_providers.open_work(session, box.provider_id)
    assert row
    return step, judge(row, work, context.poll_seconds, datetime.now(UTC))


async def test_push_that_works_is_well_in_both(box: MailboxDesk) -> None:
    await box.work()
    step, health = await push(box)
    assert (step.ok, health.status) == (True, "ok")


async def test_push_that_is_refused_is_amiss_in_both(box: MailboxDesk) -> None:
    box.vendor.fault(WATCHING[box.vendor.kind], 100, "denied")
    await box.work()
    step, health = await push(box)
    assert (step.ok, health.status) == (False, "degraded")
    assert "by polling alone" in str(health.reason)
    assert step.remedy
    assert health.remedy


async def test_push_that_is_mended_is_well_in_both_at_the_next_check(box: MailboxDesk) -> None:
    box.vendor.fault(WATCHING[box.vendor.kind], 1, "denied")
    await box.work()
    first, _ = await push(box)
    second, health = await push(box)
    assert (second.ok, health.status) == (True, "ok"), (first, second, health)
