"""The dashboard's statements read a stretch of an index, or only what is open, however long the history is."""

from datetime import UTC, datetime, timedelta

from maildock.flow.context import Context
from maildock.tables import figures
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.tables.explained import explaining, grow_old

LONG = ("newest", "log")
BOUNDED = {
    "email_processed_messages_due",
    "email_processed_attachments_due",
    "email_processed_messages_pkey",
    "email_providers_pkey",
    "objects_sizes",
}


async def test_no_figure_reads_a_whole_table(context: Context, tenant: Tenant, owner_dsn: str) -> None:
    await grow_old(Desk(context, tenant), owner_dsn)
    until = datetime.now(UTC)
    since, step = until - timedelta(hours=24), timedelta(hours=1)
    async with explaining(context, tenant) as session:
        await figures.mails(session, since, until, step)
        await figures.parts(session, since, until, step)
        await figures.taken(session, since, until)
        await figures.waiting(session)
        await figures.held(session)
    assert "Seq Scan" not in {kind for kind, on in session.scans() if on != "email_providers"}
    used = {node["Index Name"]: node["Index Cond"] for node in session.nodes if "Index Name" in node}
    assert used.keys() >= {"email_processed_messages_due", "email_processed_attachments_due", "objects_sizes"}
    # A server that can skip (PostgreSQL 18) may take the log's index, which spares it the table.
    within = {name for name, condition in used.items() if "created_at >=" in condition}
    assert len(within) >= 2
    assert within <= {f"email_processed_{rows}_{name}" for rows in ("messages", "attachments") for name in LONG}
    assert used.keys() <= within | BOUNDED
