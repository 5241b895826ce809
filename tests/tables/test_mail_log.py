"""The log of all mail is read by index, whatever is asked for, and its pages neither lose nor repeat."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from maildock.domain.ids import file_provider_id
from maildock.flow.context import Context
from maildock.tables import mail_log
from maildock.tables.mail_log import Choice
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.tables.explained import Explaining, explaining, grow_old


def choices(provider_id: UUID) -> list[Choice]:
    """Every way to choose by mailbox and outcome, each with and without a time."""
    hour = datetime.now(UTC) - timedelta(hours=1)
    return [
        Choice(box, statuses, since, since and since + timedelta(hours=1))
        for box in (None, provider_id)
        for statuses in ((), ("failed",), ("failed", "dead"))
        for since in (None, hour)
    ]


def check_walk(session: Explaining, table: str, *, plain: bool) -> None:
    """Hold a plan to one index that is in order already, read from where the page begins, with nothing thrown away."""
    (walk,) = [node for node in session.nodes if node.get("Index Name") in (f"{table}_log", f"{table}_newest")]
    assert walk["Index Name"] == (f"{table}_newest" if plain else f"{table}_log")
    assert walk["Scan Direction"] == "Backward"
    assert "created_at, provider_id, email_id" in walk["Index Cond"].replace("found.", "")
    assert "Filter" not in walk
    assert not {node["Node Type"] for node in session.nodes if "Relation Name" in node} & {"Seq Scan", "Bitmap Scan"}


async def test_every_choice_of_mails_and_parts_walks_one_index(
    context: Context, tenant: Tenant, owner_dsn: str
) -> None:
    await grow_old(Desk(context, tenant), owner_dsn)
    provider_id = file_provider_id(tenant.tenant)
    for choice in choices(provider_id):
        plain = choice.provider_id is None and not choice.statuses
        async with explaining(context, tenant) as session:
            await mail_log.mails(session, choice, (datetime.now(UTC), provider_id, "x"), 51)
            check_walk(session, "email_processed_messages", plain=plain)
        async with explaining(context, tenant) as session:
            await mail_log.parts(session, choice, (datetime.now(UTC), provider_id, "x", "y"), 51)
            check_walk(session, "email_processed_attachments", plain=plain)


async def test_what_is_due_is_found_by_index(context: Context, tenant: Tenant, owner_dsn: str) -> None:
    await grow_old(Desk(context, tenant), owner_dsn)
    for statuses in (("received", "failed"), ("pending", "processing", "failed")):
        async with explaining(context, tenant) as session:
            choice = Choice(None, statuses, due=True)
            await (mail_log.mails if "received" in statuses else mail_log.parts)(session, choice, None, 51)
        read = [node for node in session.nodes if node.get("Relation Name", "").startswith("email_processed")]
        assert {node["Node Type"] for node in read} <= {"Index Scan", "Index Only Scan"}


async def test_one_mail_and_its_parts_are_found_by_their_key(context: Context, tenant: Tenant, owner_dsn: str) -> None:
    await grow_old(Desk(context, tenant), owner_dsn)
    async with explaining(context, tenant) as session:
        await mail_log.mail(session, file_provider_id(tenant.tenant), "old 7")
        await mail_log.parts_of(session, file_provider_id(tenant.tenant), "old 7", 1001)
    used = {index for _, index in session.scans() if index.startswith("email_processed")}
    assert used == {"email_processed_messages_pkey", "email_processed_attachments_pkey"}


async def test_pages_of_any_choice_neither_lose_nor_repeat(context: Context, tenant: Tenant, owner_dsn: str) -> None:
    desk = Desk(context, tenant)
    await grow_old(desk, owner_dsn)
    for statuses in (("failed",), ("failed", "dead")):
        choice = Choice(None, statuses)
        found: list[Any] = []
        before = None
        while True:
            async with context.database.tenant(tenant.tenant) as session:
                page = await mail_log.mails(session, choice, before, 7)
            if not page:
                break
            found += [row.email_id for row in page]
            before = (page[-1].created_at, page[-1].provider_id, page[-1].email_id)
        wanted = await desk.all(
            "SELECT email_id FROM email_processed_messages WHERE tenant = %(tenant)s AND status = ANY(%(statuses)s)"
            " ORDER BY created_at DESC",
            statuses=list(statuses),
        )
        assert found == [row["email_id"] for row in wanted]
        assert len(found) == 20 * len(statuses)
