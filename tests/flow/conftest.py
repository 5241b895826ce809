"""The desk that the tests of the flow work at."""

import pytest

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import Desk


@pytest.fixture
def desk(context: Context, tenant: Tenant) -> Desk:
    """A tenant's desk."""
    return Desk(context, tenant)


@pytest.fixture
def neighbour(context: Context, other_tenant: Tenant) -> Desk:
    """Another tenant's desk on the same installation."""
    return Desk(context, other_tenant)
