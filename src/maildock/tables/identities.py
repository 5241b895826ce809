"""`user_identities`: who at an issuer of OpenID Connect is which person here."""

from uuid import UUID

from maildock.tables.session import TenantSession
from maildock.tables.users import Entrant


async def find(session: TenantSession, issuer: str, subject: str) -> Entrant | None:
    """Give the person whom this login of the issuer opens."""
    return await session.one(
        Entrant,
        "SELECT i.user_id, u.disabled_at IS NOT NULL AS is_disabled FROM user_identities AS i"
        " JOIN users AS u ON u.tenant = %(tenant)s AND u.user_id = i.user_id"
        " WHERE i.tenant = %(tenant)s AND i.issuer = %(issuer)s AND i.subject = %(subject)s AND u.email IS NOT NULL",
        {"issuer": issuer, "subject": subject},
    )


async def bind(session: TenantSession, issuer: str, subject: str, user_id: UUID) -> bool:
    """Bind a login to a person; `False` where either has another one already."""
    inserted = await session.execute(
        "INSERT INTO user_identities (tenant, issuer, subject, user_id)"
        " VALUES (%(tenant)s, %(issuer)s, %(subject)s, %(user_id)s) ON CONFLICT DO NOTHING",
        {"issuer": issuer, "subject": subject, "user_id": user_id},
    )
    return inserted == 1


async def bound(session: TenantSession) -> set[UUID]:
    """Give who has a login at an issuer."""
    rows = await session.values("SELECT DISTINCT user_id FROM user_identities WHERE tenant = %(tenant)s")
    return {row[0] for row in rows}


async def forget(session: TenantSession, user_id: UUID) -> bool:
    """Take a person's logins at issuers from them; `False` where there is none."""
    deleted = await session.execute(
        "DELETE FROM user_identities WHERE tenant = %(tenant)s AND user_id = %(user_id)s", {"user_id": user_id}
    )
    return deleted > 0
