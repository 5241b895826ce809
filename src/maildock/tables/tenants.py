"""`tenants`: the isolation unit, each with its system user and its built-in provider."""

from dataclasses import dataclass
from uuid import UUID

from maildock.tables.session import SweepSession, TenantSession


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as the sweep may see it."""

    tenant: UUID
    name: str
    system_user_id: UUID


async def create(session: TenantSession, name: str, system_user_id: UUID, file_provider_id: UUID) -> None:
    """Insert the tenant with its system user, its built-in provider and a ticket counter at zero."""
    params = {"name": name, "user": system_user_id, "provider": file_provider_id}
    await session.execute(
        "INSERT INTO tenants (tenant, name, system_user_id, file_provider_id)"
        " VALUES (%(tenant)s, %(name)s, %(user)s, %(provider)s)",
        params,
    )
    await session.execute("INSERT INTO users (tenant, user_id, role) VALUES (%(tenant)s, %(user)s, 'system')", params)
    await session.execute(
        "INSERT INTO email_providers (tenant, provider_id, kind, mailbox)"
        " VALUES (%(tenant)s, %(provider)s, 'file', 'file')",
        params,
    )
    await session.execute("INSERT INTO ticket_counters (tenant, last_number) VALUES (%(tenant)s, 0)")


async def lock_names(session: TenantSession) -> None:
    """Hold back every other creation until this transaction ends: no index can keep names unique across tenants."""
    await session.execute("SELECT pg_advisory_xact_lock(hashtext('maildock tenant names')), %(tenant)s::uuid")


async def every(session: SweepSession) -> list[Tenant]:
    """List all tenants, oldest first."""
    return await session.all(Tenant, "SELECT tenant, name, system_user_id FROM tenants ORDER BY created_at, tenant")


async def named(session: SweepSession, name: str) -> list[Tenant]:
    """List the tenants of this name."""
    statement = "SELECT tenant, name, system_user_id FROM tenants WHERE name = %(name)s"
    return await session.all(Tenant, statement, {"name": name})


async def by_id(session: SweepSession, tenant: UUID) -> Tenant | None:
    """Give one tenant, `None` if there is none."""
    statement = "SELECT tenant, name, system_user_id FROM tenants WHERE tenant = %(tenant)s"
    return await session.one(Tenant, statement, {"tenant": tenant})


async def system_user(session: TenantSession) -> UUID:
    """Give the tenant's system user, who uploads and creates whatever mail brings in."""
    found = await session.value("SELECT system_user_id FROM tenants WHERE tenant = %(tenant)s")
    if found is None:
        raise LookupError(f"there is no tenant {session.tenant}")
    return UUID(str(found))
