"""`api_tokens`: bearer tokens for the API; only a hash of each secret is kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.session import SweepSession, TenantSession


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token without its secret; `made_by` is the email of whoever made it in the browser."""

    token_id: UUID
    name: str
    made_by: str | None
    maker_is_disabled: bool
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Secret:
    """A token's hash; `is_long_unused` when its last use is worth a note."""

    secret_hash: bytes
    is_long_unused: bool


async def create(session: TenantSession, token_id: UUID, name: str, secret_hash: bytes, user_id: UUID | None) -> bool:
    """Keep a new token, of the person who made it where one did; `False` where there is one of this id."""
    created = await session.execute(
        "INSERT INTO api_tokens (tenant, token_id, name, secret_hash, user_id)"
        " VALUES (%(tenant)s, %(token_id)s, %(name)s, %(secret_hash)s, %(user_id)s)"
        " ON CONFLICT (tenant, token_id) DO NOTHING",
        {"token_id": token_id, "name": name, "secret_hash": secret_hash, "user_id": user_id},
    )
    return created == 1


async def every(session: TenantSession) -> list[TokenRow]:
    """List the tenant's tokens, revoked ones too."""
    return await session.all(
        TokenRow,
        "SELECT t.token_id, t.name, u.email AS made_by, u.disabled_at IS NOT NULL AS maker_is_disabled,"
        " t.created_at, t.revoked_at, t.last_used_at FROM api_tokens AS t"
        " LEFT JOIN users AS u ON u.tenant = %(tenant)s AND u.user_id = t.user_id WHERE t.tenant = %(tenant)s"
        " ORDER BY t.created_at, t.token_id",
    )


async def secret(session: TenantSession, token_id: UUID) -> Secret | None:
    """Give what a token's secret is compared with, `None` for one that is revoked, unknown, or of a disabled person."""
    return await session.one(
        Secret,
        "SELECT t.secret_hash, coalesce(t.last_used_at < now() - interval '1 minute', true) AS is_long_unused"
        " FROM api_tokens AS t LEFT JOIN users AS u ON u.tenant = %(tenant)s AND u.user_id = t.user_id"
        " WHERE t.tenant = %(tenant)s AND t.token_id = %(token_id)s AND t.revoked_at IS NULL"
        " AND u.disabled_at IS NULL",
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
