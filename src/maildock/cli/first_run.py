"""The first start of an installation: a tenant, and an admin who may log in."""

from uuid import UUID

from maildock.access.passwords import new_password
from maildock.access.people import add_user
from maildock.access.tenants import add_tenant
from maildock.domain.errors import UsageError
from maildock.tables import tenants
from maildock.tables.session import Database

TENANT = "default"
ADMIN = "admin@localhost"


async def first_run(database: Database) -> tuple[UUID, dict[str, str] | None]:
    """Give the tenant `default` (else the oldest one), and on the very first run its new admin's email and password."""
    everyone = await _everyone(database)
    if not everyone:
        try:
            made = await add_tenant(database, TENANT)
        except UsageError:  # another process was first
            everyone = await _everyone(database)
        else:
            password = new_password()
            await add_user(database, made.tenant, ADMIN, password, admin=True)
            return made.tenant, {"email": ADMIN, "password": password}
    named = [tenant for tenant in everyone if tenant.name == TENANT]
    return (named or everyone)[0].tenant, None


async def _everyone(database: Database) -> list[tenants.Tenant]:
    async with database.sweep() as session:
        return await tenants.every(session)
