"""Each vendor in turn, with a desk whose mailbox lies there."""

from collections.abc import AsyncIterator

import pytest

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.providers.vendors import VENDORS, MailboxDesk, Vendor, connected


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """The same settings with shorter delays: these tests wait for many second tries."""
    return {**environment, "MAILDOCK_RETRY_SECONDS": "0.2"}


@pytest.fixture(params=VENDORS)
async def vendor(request: pytest.FixtureRequest) -> AsyncIterator[Vendor]:
    """A vendor's local server."""
    async with VENDORS[request.param]() as running:
        yield running


@pytest.fixture
async def box(context: Context, tenant: Tenant, vendor: Vendor) -> MailboxDesk:
    """A desk with a mailbox that was connected just now."""
    return await connected(Desk(context, tenant), vendor)
