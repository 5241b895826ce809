"""Row level security holds by itself, also where a statement forgets its tenant."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from maildock import wiring
from maildock.access import tokens
from maildock.access.login import Attempt, Doorkeeper
from maildock.access.people import add_user
from maildock.flow.context import Context
from maildock.settings import Settings
from maildock.tables import (
    identities,
    mailbox_connections,
    mailbox_cursors,
    mailbox_leases,
    push_subscriptions,
    ticket_readings,
)
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.mail import mail

WITHOUT_TENANT = {"maildock_schema_version"}

# What these tests send is not the product's, which would never.
TRESPASSER = "trespasser"


@pytest.fixture
async def filled(context: Context, tenant: Tenant) -> Tenant:
    """A tenant with something in every table."""
    desk = Desk(context, tenant)
    (receipt,) = await desk.ingest(mail("Printer").attach("a.txt", b"hello"))
    await add_user(context.database, tenant.tenant, "ann@shop.example", "a good password", admin=True)
    await Doorkeeper(context.database).log_in(Attempt("ann@shop.example", "a good password", "", "127.0.0.1"))
    async with context.database.tenant(tenant.tenant) as session:
        await tokens.issue(session, "token")
        for (user_id,) in await session.values("SELECT user_id FROM users WHERE tenant = %(tenant)s"):
            await identities.bind(session, "https://issuer.example", str(user_id), user_id)
            for (ticket_id,) in await session.values("SELECT ticket_id FROM tickets WHERE tenant = %(tenant)s"):
                await ticket_readings.note(session, user_id, ticket_id, datetime.now(UTC))
        await mailbox_leases.take(session, receipt.provider_id, "mail", UUID(int=1), 60)
        await mailbox_connections.create(session, receipt.provider_id, "{}", b"sealed")
        await mailbox_cursors.move(session, receipt.provider_id, "here")
        await push_subscriptions.begin(session, receipt.provider_id, "state", "https://desk.example")
    return tenant


def tables_of(owner: str) -> list[str]:
    with psycopg.connect(owner) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        ).fetchall()
    return sorted(row[0] for row in rows if row[0] not in WITHOUT_TENANT)


def as_tenant(app: str, tenant: UUID | None) -> psycopg.Connection[Any]:
    connection = psycopg.connect(app, application_name=TRESPASSER)
    if tenant is not None:
        connection.execute("SELECT maildock_enter(%s)", (tenant,))
    return connection


def count(connection: psycopg.Connection[Any], statement: str, table: str, *params: object) -> int:
    return connection.execute(sql.SQL(statement).format(sql.Identifier(table)), params).rowcount


async def test_no_table_shows_or_takes_another_tenants_rows(
    settings: Settings, owner_dsn: str, filled: Tenant, other_tenant: Tenant
) -> None:
    app = wiring.dsns(settings, owner_dsn).app
    tables = tables_of(owner_dsn)
    assert len(tables) >= 16
    for table in tables:
        with as_tenant(app, filled.tenant) as ours:
            assert count(ours, "SELECT FROM {} LIMIT 1", table) == 1, f"{table} is empty, so this proves nothing"
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                count(ours, "UPDATE {} SET tenant = %s", table, other_tenant.tenant)
        with as_tenant(app, other_tenant.tenant) as theirs:
            for statement in ("SELECT FROM {} WHERE tenant = %s", "DELETE FROM {} WHERE tenant = %s"):
                assert count(theirs, statement, table, filled.tenant) == 0
            assert count(theirs, "UPDATE {} SET tenant = tenant WHERE tenant = %s", table, filled.tenant) == 0


@pytest.mark.usefixtures("filled")
async def test_without_a_tenant_there_are_no_rows(settings: Settings, owner_dsn: str) -> None:
    with as_tenant(wiring.dsns(settings, owner_dsn).app, None) as connection:
        for table in tables_of(owner_dsn):
            assert count(connection, "SELECT FROM {}", table) == 0


@pytest.mark.usefixtures("filled")
async def test_the_owner_is_bound_as_well(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn) as connection:
        for table in tables_of(owner_dsn):
            assert count(connection, "SELECT FROM {}", table) == 0


async def test_the_sweep_reads_a_few_columns_and_writes_nothing(
    settings: Settings, owner_dsn: str, filled: Tenant
) -> None:
    with psycopg.connect(
        wiring.dsns(settings, owner_dsn).sweep, autocommit=True, application_name=TRESPASSER
    ) as connection:
        assert connection.execute("SELECT tenant FROM tickets").fetchall() == [(filled.tenant,)]
        for statement in (
            "SELECT subject FROM tickets",
            "SELECT body_text FROM comments",
            "SELECT file_name FROM email_processed_attachments",
            "SELECT secret_hash FROM api_tokens",
            "DELETE FROM tickets",
            "UPDATE email_processed_messages SET status = 'dead'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


async def test_a_session_refuses_a_statement_without_its_tenant(context: Context, tenant: Tenant) -> None:
    async with context.database.tenant(tenant.tenant) as session:
        with pytest.raises(AssertionError, match="must name its tenant"):
            await session.values("SELECT subject FROM tickets")
