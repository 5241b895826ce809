"""The first start of an installation: a tenant, and an admin who may log in."""

import contextlib
from uuid import UUID

from maildock.access.passwords import new_password
from maildock.access.people import add_user
from maildock.access.tenants import add_tenant
from maildock.domain.errors import UsageError
from maildock.tables import tenants, users
from maildock.tables.session import Database

TENANT = "default"
ADMIN = "admin@localhost"


async def first_run(database: Database) -> tuple[UUID, dict[str, str] | None]:
    """Give the tenant `default` (else the oldest one); while nobody could log in yet, with a new admin's password."""
    async with database.sweep() as session:
        named = await tenants.named(session, TENANT)
        anybody = await users.anybody(session)
    if not anybody:
        password = new_password()
        with contextlib.suppress(UsageError):  # another process was first
            tenant = named[0].tenant if named else (await add_tenant(database, TENANT)).tenant
            await add_user(database, tenant, ADMIN, password, admin=True)
            return tenant, {"email": ADMIN, "password": password}
    async with database.sweep() as session:
        named = await tenants.named(session, TENANT) or await tenants.every(session)
    return named[0].tenant, None
