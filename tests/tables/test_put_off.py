"""What is put off runs in its place: before the next statement, at the latest with the commit, or not at all."""

from uuid import UUID, uuid4

import psycopg
import pytest

from maildock.flow.context import Context
from maildock.tables import tickets
from maildock.tables.tenants import Tenant


async def test_the_next_statement_sees_what_was_put_off(context: Context, tenant: Tenant) -> None:
    ticket_id = uuid4()
    async with context.database.tenant(tenant.tenant) as session:
        number = await tickets.create(session, ticket_id, "Printer", None, "")
        assert await tickets.number_of(session, ticket_id) == number


async def test_what_was_put_off_last_is_committed(context: Context, tenant: Tenant) -> None:
    ticket_id = uuid4()
    async with context.database.tenant(tenant.tenant) as session:
        number = await tickets.create(session, ticket_id, "Printer", None, "")
    async with context.database.tenant(tenant.tenant) as session:
        assert await tickets.number_of(session, ticket_id) == number


async def open_tickets(context: Context, tenant: Tenant, *ticket_ids: UUID, ask: bool, give_up: bool = False) -> None:
    async with context.database.tenant(tenant.tenant) as session:
        for ticket_id in ticket_ids:
            await tickets.create(session, ticket_id, "Printer", None, "")
        if ask:
            await tickets.number_of(session, ticket_ids[0])
        if give_up:
            raise LookupError


@pytest.mark.parametrize("ask", [True, False], ids=["found by a statement", "found by the commit"])
async def test_what_was_put_off_and_fails_undoes_everything(context: Context, tenant: Tenant, *, ask: bool) -> None:
    first, twice = uuid4(), uuid4()
    with pytest.raises(psycopg.errors.UniqueViolation):
        await open_tickets(context, tenant, first, twice, twice, ask=ask)
    async with context.database.tenant(tenant.tenant) as session:
        assert await tickets.number_of(session, first) is None


async def test_after_an_error_what_was_put_off_does_not_run(context: Context, tenant: Tenant) -> None:
    ticket_id = uuid4()
    with pytest.raises(LookupError):
        await open_tickets(context, tenant, ticket_id, ask=False, give_up=True)
    async with context.database.tenant(tenant.tenant) as session:
        assert await tickets.number_of(session, ticket_id) is None
