"""`api_tokens`: bearer tokens for the API; only a hash of each secret is kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.session import SweepSession, TenantSession


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token without its secret."""

    token_id: UUID
    name: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Secret:
    """A token's hash; `is_long_unused` when its last use is worth a note."""

    secret_hash: bytes
    is_long_unused: bool


async def create(session: TenantSession, token_id: UUID, name: str, secret_hash: bytes) -> None:
    """Keep a new token."""
    await session.execute(
        "INSERT INTO api_tokens (tenant, token_id, name, secret_hash)"
        " VALUES (%(tenant)s, %(token_id)s, %(name)s, %(secret_hash)s)",
        {"token_id": token_id, "name": name, "secret_hash": secret_hash},
    )


async def every(session: TenantSession) -> list[TokenRow]:
    """List the tenant's tokens, revoked ones too."""
    return await session.all(
        TokenRow,
        "SELECT token_id, name, created_at, revoked_at, last_used_at FROM api_tokens WHERE tenant = %(tenant)s"
        " ORDER BY created_at, token_id",
    )


async def secret(session: TenantSession, token_id: UUID) -> Secret | None:
    """Give what a token's secret is compared with, `None` for a revoked or unknown one."""
    return await session.one(
        Secret,
        "SELECT secret_hash, coalesce(last_used_at < now() - interval '1 minute', true) AS is_long_unused"
        " FROM api_tokens WHERE tenant = %(tenant)s AND token_id = %(token_id)s AND revoked_at IS NULL",
        {"token_id": token_id},
    )


async def note_use(session: TenantSession, token_id: UUID) -> None:
    """Remember that a token was used now."""
    await session.execute(
        "UPDATE api_tokens SET last_used_at = now() WHERE tenant = %(tenant)s AND token_id = %(token_id)s",
        {"token_id": token_id},
    )


async def revoke(session: TenantSession, token_id: UUID) -> bool:
    """Revoke a token; the time of the first revocation stays. `False` where there is no such token."""
    revoked = await session.execute(
        "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, now())"
        " WHERE tenant = %(tenant)s AND token_id = %(token_id)s",
        {"token_id": token_id},
    )
    return revoked == 1


async def tenant_of(session: SweepSession, token_id: UUID) -> UUID | None:
    """Say whose token this is."""
    tenant: UUID | None = await session.value(
        "SELECT tenant FROM api_tokens WHERE token_id = %(token_id)s", {"token_id": token_id}
    )
    return tenant
