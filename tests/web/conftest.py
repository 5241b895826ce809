"""A served application, and clients of two tenants."""

from collections.abc import AsyncIterator

import pytest

from maildock.access import tokens
from maildock.access.people import add_user
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer
from tests.web.server import Client, serving
from tests.web.signing_on import Shop, shop_of
from tests.web.visitor import PASSWORD


@pytest.fixture
async def origin(context: Context) -> AsyncIterator[str]:
    """The origin of a served application."""
    async with serving(context) as origin:
        yield origin


@pytest.fixture
def desk(context: Context, tenant: Tenant) -> Desk:
    """A tenant's desk."""
    return Desk(context, tenant)


async def client_of(context: Context, tenant: Tenant, origin: str) -> Client:
    """Make a client with a token of its own."""
    async with context.database.tenant(tenant.tenant) as session:
        _, token = await tokens.issue(session, "tests")
    return Client(origin, {"Authorization": f"Bearer {token}"})


@pytest.fixture
async def api(context: Context, tenant: Tenant, origin: str) -> Client:
    """A client of the tenant."""
    return await client_of(context, tenant, origin)


@pytest.fixture
async def stranger(context: Context, other_tenant: Tenant, origin: str) -> Client:
    """A client of another tenant."""
    return await client_of(context, other_tenant, origin)


@pytest.fixture
async def graph() -> AsyncIterator[GraphServer]:
    """A Microsoft 365 without mailboxes."""
    async with GraphServer() as server:
        yield server


@pytest.fixture
async def gmail() -> AsyncIterator[GmailServer]:
    """A Gmail without mailboxes."""
    async with GmailServer() as server:
        yield server


@pytest.fixture
async def shop(context: Context, tenant: Tenant) -> AsyncIterator[Shop]:
    """A shop with single sign-on, to which Ann was added."""
    await add_user(context.database, tenant.tenant, "ann@shop.example", PASSWORD, admin=False)
    async with shop_of(context, tenant.name) as shop:
        yield shop
