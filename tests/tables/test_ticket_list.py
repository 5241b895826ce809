"""The list of tickets is found by an index, however many there are."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
import pytest

from maildock.flow.context import Context
from maildock.tables import ticket_list
from maildock.tables.session import Params, TenantSession
from maildock.tables.tenants import Tenant
from maildock.tables.ticket_list import Wanted

Row = TypeVar("Row")

MANY = 100_000
FILL = """
INSERT INTO tickets (tenant, ticket_id, number, subject, status, updated_at)
SELECT %(tenant)s, gen_random_uuid(), n, 'Ticket ' || n, CASE WHEN n %% 20 = 0 THEN 'open' ELSE 'closed' END,
    timestamptz '2024-01-01' + n * interval '1 minute' FROM generate_series(1, %(many)s) AS n
"""
FILL_WORDS = """
INSERT INTO ticket_words (tenant, ticket_id, source, word)
SELECT %(tenant)s, ticket_id, 'subject', word FROM tickets
CROSS JOIN LATERAL unnest(ARRAY['ticket', number::text]) AS word WHERE tenant = %(tenant)s
"""


class Explaining(TenantSession):
    """A session that asks for the plan of each list."""

    plans: list[str]

    async def all(self, row: type[Row], statement: LiteralString, params: Params | None = None) -> list[Row]:
        lines = await self.values(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS) {statement}", params)
        self.plans.append("\n".join(line for (line,) in lines))
        return await super().all(row, statement, params)


@pytest.fixture
async def full(context: Context, tenant: Tenant, owner_dsn: str) -> Tenant:
    """A tenant with very many tickets."""
    async with context.database.tenant(tenant.tenant) as session:
        await session.execute(FILL, {"many": MANY})
    # What was known of the tables of earlier tests would have each key looked up among all tickets.
    _analyze(owner_dsn)
    async with context.database.tenant(tenant.tenant) as session:
        await session.execute(FILL_WORDS)
    _analyze(owner_dsn)
    return tenant


def _analyze(owner: str) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        for table in (b"tickets", b"ticket_words", b"ticket_readings"):
            connection.execute(b"VACUUM ANALYZE " + table)


async def plan_of(context: Context, tenant: Tenant, wanted: Wanted) -> tuple[str, Sequence[Any]]:
    async with context.database.tenant(tenant.tenant) as session:
        explaining = Explaining(session._connection, tenant.tenant)  # noqa: SLF001
        explaining.plans = []
        rows = await ticket_list.overview(explaining, UUID(int=1), wanted, 51)
    return explaining.plans[0], rows


MIDDLE = (datetime(2024, 2, 1, tzinfo=UTC), 50_000)


async def test_a_page_of_very_many_tickets_is_read_from_an_index_alone(context: Context, full: Tenant) -> None:
    for wanted, index in (
        (Wanted(), "tickets_latest"),
        (Wanted(before=MIDDLE), "tickets_latest"),
        (Wanted("open"), "tickets_of_status"),
        (Wanted("open", before=MIDDLE), "tickets_of_status"),
    ):
        plan, rows = await plan_of(context, full, wanted)
        assert len(rows) == 51
        assert not re.search("Seq Scan on tickets ", plan), plan
        scanned = plan.partition(f"{index} on tickets t")[2].partition("->")[0]
        assert "rows=51" in scanned, plan
        assert "Filter" not in scanned, plan
        # The one sort is of the page itself, where its counts are joined.
        assert plan.count("Sort Method") <= 1, plan


async def test_a_search_in_very_many_tickets_reads_no_table_through(context: Context, full: Tenant) -> None:
    for terms, found in ((["99999"], 1), (["ticket"], 51), (["ticket", "5000"], 11), (["nothing"], 0)):
        plan, rows = await plan_of(context, full, Wanted("", terms))
        assert len(rows) == found
        assert not re.search("Seq Scan on ticket(s|_words) ", plan), plan
