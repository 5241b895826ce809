"""A tenant with a long history, and the plans by which PostgreSQL would run our statements on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg

from maildock.access.tenants import add_tenant
from maildock.flow.context import Context
from maildock.tables.session import Params, TenantSession
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.mail import mail

Row = TypeVar("Row")

_GROWN: tuple[LiteralString, ...] = (
    "email_processed_messages",
    "email_processed_attachments",
    "objects",
    "tickets",
    "email_providers",
)
_MAILS: LiteralString = (
    "INSERT INTO email_processed_messages (tenant, provider_id, email_id, status, ticket_id, comment_id, created_at,"
    " updated_at) SELECT %(tenant)s, m.provider_id, 'old ' || n,"
    " CASE n %% 1000 WHEN 0 THEN 'failed' WHEN 1 THEN 'dead' ELSE 'filed' END, m.ticket_id, m.comment_id,"
    " now() - make_interval(mins => n), now() FROM email_processed_messages AS m, generate_series(1, 20000) AS n"
    " WHERE m.tenant = %(tenant)s AND m.email_id = %(email_id)s"
)
_PARTS: LiteralString = (
    "INSERT INTO email_processed_attachments (tenant, provider_id, email_id, attachment_id, position, kind, locator,"
    " status, reason, ticket_id, comment_id, file_id, document_id, file_name, content_type, size, sha256, created_at,"
    " updated_at) SELECT %(tenant)s, a.provider_id, 'old ' || n, a.attachment_id, 1, a.kind, a.locator,"
    " CASE n %% 500 WHEN 0 THEN 'failed' WHEN 1 THEN 'skipped' ELSE 'stored' END,"
    " CASE n %% 500 WHEN 0 THEN 'storage' WHEN 1 THEN 'inline' END, a.ticket_id, a.comment_id, a.file_id,"
    " a.document_id, a.file_name, a.content_type, a.size, a.sha256, now() - make_interval(mins => n),"
    " now() - make_interval(mins => n) + make_interval(secs => n %% 60)"
    " FROM email_processed_attachments AS a, generate_series(1, 20000) AS n"
    " WHERE a.tenant = %(tenant)s AND a.email_id = %(email_id)s"
)
_OBJECTS: LiteralString = (
    "INSERT INTO objects (tenant, sha256, size, state) SELECT %(tenant)s, 'old ' || n, n, 'stored'"
    " FROM generate_series(1, %(count)s) AS n"
)


# PostgreSQL reads a table of a few rows as a whole, once it has counted them; an installation has more.
_TICKETS: LiteralString = (
    "INSERT INTO tickets (tenant, ticket_id, number, subject) SELECT %(tenant)s, gen_random_uuid(), n, 'old'"
    " FROM generate_series(1, 50000) AS n"
)
_PROVIDERS: LiteralString = (
    "INSERT INTO email_providers (tenant, provider_id, kind, mailbox)"
    " SELECT %(tenant)s, gen_random_uuid(), 'file', 'old ' || n FROM generate_series(1, 5000) AS n"
)


class Explaining(TenantSession):
    """A session that asks for plans instead of rows."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], tenant: UUID) -> None:
        super().__init__(connection, tenant)
        self.nodes: list[dict[str, Any]] = []

    async def all(self, row: type[Row], statement: LiteralString, params: Params | None = None) -> list[Row]:  # noqa: ARG002
        """Keep the plan."""
        await self._explain(statement, params)
        return []

    async def values(self, statement: LiteralString, params: Params | None = None) -> list[tuple[Any, ...]]:
        """Keep the plan."""
        await self._explain(statement, params)
        return []

    async def _explain(self, statement: LiteralString, params: Params | None) -> None:
        explain: LiteralString = "EXPLAIN (FORMAT JSON) "
        ((plan,),) = await super().values(explain + statement, params)
        self.nodes += _nodes(plan[0]["Plan"])

    def scans(self) -> set[tuple[str, str]]:
        """Give each scan of a table as its kind and the index, or the table where there is none."""
        return {
            (node["Node Type"], node.get("Index Name", node.get("Relation Name", "")))
            for node in self.nodes
            if "Relation Name" in node or "Index Name" in node
        }

    def kinds(self) -> set[str]:
        """Name the kinds of steps."""
        return {node["Node Type"] for node in self.nodes}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


async def grow_old(desk: Desk, owner_dsn: str) -> None:
    """Give a desk two weeks of mail: 20,000 mails, each with a part, few of which failed."""
    (receipt,) = await desk.ingest(mail("Printer").attach("a.txt", b"a"))
    for statement in (_MAILS, _PARTS):
        await desk.all(statement, email_id=receipt.email_id)
    neighbour = Desk(desk.context, await add_tenant(desk.context.database, "Busy neighbour"))
    await desk.all(_OBJECTS, count=5000)
    await neighbour.all(_OBJECTS, count=50_000)
    await neighbour.all(_TICKETS)
    await neighbour.all(_PROVIDERS)
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        for table in _GROWN:
            connection.execute(f"VACUUM ANALYZE {table}")


@asynccontextmanager
async def explaining(context: Context, tenant: Tenant) -> AsyncIterator[Explaining]:
    """Open a transaction that explains."""
    async with context.database.tenant(tenant.tenant) as session:
        yield Explaining(session._connection, tenant.tenant)  # noqa: SLF001
