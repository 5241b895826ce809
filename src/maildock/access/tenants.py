"""Make tenants, and find them by what a person types."""

from uuid import UUID, uuid4

from maildock.domain.errors import UsageError
from maildock.domain.ids import file_provider_id
from maildock.tables import tenants
from maildock.tables.session import Database
from maildock.tables.tenants import Tenant

LONGEST_NAME = 200


async def add_tenant(database: Database, name: str) -> Tenant:
    """Make a tenant with its system user and its built-in provider of kind `file`; its name must be new."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"a tenant's name has 1 to {LONGEST_NAME} printable characters")
    made = Tenant(uuid4(), name, uuid4())
    async with database.tenant(made.tenant) as session:
        await tenants.lock_names(session)
        async with database.sweep() as sweep:
            if await tenants.named(sweep, name):
                raise UsageError(f"there is a tenant {name!r} already")
        await tenants.create(session, name, made.system_user_id, file_provider_id(made.tenant))
    return made


async def find_tenant(database: Database, wanted: str) -> Tenant:
    """Find a tenant by its id or its name."""
    async with database.sweep() as session:
        try:
            found = await tenants.by_id(session, UUID(wanted))
        except ValueError:
            found = None
        if found is None:
            found = next(iter(await tenants.named(session, wanted)), None)
    if found is None:
        raise UsageError(f"there is no tenant {wanted!r}; `maildock tenants list` shows them")
    return found
