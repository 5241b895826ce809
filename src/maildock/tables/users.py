"""`users`: the people of a tenant who may log in, and its system user, who may not."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from maildock.tables.session import SweepSession, TenantSession


@dataclass(frozen=True, slots=True)
class Login:
    """What a login is judged by; `now` is the database's, by which `locked_until` was written."""

    password_hash: str | None
    failed_logins: int
    locked_until: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A user and whose they are."""

    tenant: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody whom an issuer vouches for; a disabled one stays outside."""

    user_id: UUID
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who may log in, unless they are disabled; `password` tells one password from the next, and no more."""

    user_id: UUID
    email: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    password: str


_TELLTALE: LiteralString = "left(encode(sha256(convert_to(coalesce(password_hash, ''), 'UTF8')), 'hex'), 16)"


async def create(session: TenantSession, user_id: UUID, email: str, role: str, password_hash: str) -> bool:
    """Insert a person; `False` when the tenant has one with this email."""
    inserted = await session.execute(
        "INSERT INTO users (tenant, user_id, email, role, password_hash)"
        " VALUES (%(tenant)s, %(user_id)s, %(email)s, %(role)s, %(password_hash)s)"
        " ON CONFLICT (tenant, email) DO NOTHING",
        {"user_id": user_id, "email": email, "role": role, "password_hash": password_hash},
    )
    return inserted == 1


async def anybody(session: SweepSession) -> bool:
    """Say whether there is any person, in any tenant."""
    return bool(await session.value("SELECT EXISTS (SELECT FROM users WHERE email IS NOT NULL)"))


async def by_email(session: SweepSession, email: str, limit: int) -> list[KnownUser]:
    """Find who logs in with this email, in any tenant."""
    return await session.all(
        KnownUser,
        "SELECT tenant, user_id FROM users WHERE email = %(email)s ORDER BY tenant LIMIT %(limit)s",
        {"email": email, "limit": limit},
    )


async def with_email(session: TenantSession, email: str) -> Entrant | None:
    """Find the tenant's person with this email."""
    return await session.one(
        Entrant,
        "SELECT user_id, disabled_at IS NOT NULL AS is_disabled FROM users"
        " WHERE tenant = %(tenant)s AND email = %(email)s",
        {"email": email},
    )


async def role_of(session: TenantSession, user_id: UUID) -> str | None:
    """Give a person's role."""
    rows = await session.values(
        "SELECT role FROM users WHERE tenant = %(tenant)s AND user_id = %(user_id)s", {"user_id": user_id}
    )
    return rows[0][0] if rows else None


async def lock_login(session: TenantSession, user_id: UUID) -> Login | None:
    """Give what a person's login is judged by, held until the transaction ends; no password opens a disabled one."""
    return await session.one(
        Login,
        "SELECT CASE WHEN disabled_at IS NULL THEN password_hash END AS password_hash,"
        " failed_logins, locked_until, now() AS now FROM users"
        " WHERE tenant = %(tenant)s AND user_id = %(user_id)s AND email IS NOT NULL FOR UPDATE",
        {"user_id": user_id},
    )


async def set_failures(session: TenantSession, user_id: UUID, failures: int, seconds: float) -> None:
    """Write how often in a row a person failed to log in, and lock them for `seconds`."""
    await session.execute(
        "UPDATE users SET failed_logins = %(failures)s, locked_until = now() + make_interval(secs => %(seconds)s)"
        " WHERE tenant = %(tenant)s AND user_id = %(user_id)s",
        {"user_id": user_id, "failures": failures, "seconds": seconds},
    )


async def take_back_failure(session: TenantSession, user_id: UUID, locked_until: datetime | None) -> None:
    """Take one failure back, with the lock that it made."""
    await session.execute(
        "UPDATE users SET failed_logins = greatest(failed_logins - 1, 0), locked_until = %(locked_until)s"
        " WHERE tenant = %(tenant)s AND user_id = %(user_id)s",
        {"user_id": user_id, "locked_until": locked_until},
    )


async def forgive(session: TenantSession, user_id: UUID, new_hash: str | None) -> None:
    """Forget the failures of somebody who has logged in; `new_hash` replaces an outdated one."""
    await session.execute(
        "UPDATE users SET failed_logins = 0, locked_until = NULL,"
        " password_hash = coalesce(%(new_hash)s::text, password_hash)"
        " WHERE tenant = %(tenant)s AND user_id = %(user_id)s",
        {"user_id": user_id, "new_hash": new_hash},
    )


async def every(session: TenantSession) -> list[PersonRow]:
    """List the people of the tenant, by email."""
    return await session.all(
        PersonRow,
        f"SELECT user_id, email, role, created_at, disabled_at, {_TELLTALE} AS password FROM users"
        " WHERE tenant = %(tenant)s AND email IS NOT NULL ORDER BY email",
    )


async def set_password(
    session: TenantSession, user_id: UUID, password_hash: str, instead_of: str | None = None
) -> bool:
    """Replace a person's password, and forget their failures; `False` where there is no such person.

    Also where they have another password by now than `instead_of`, a `PersonRow.password`.
    """
    changed = await session.execute(
        "UPDATE users SET password_hash = %(password_hash)s, failed_logins = 0, locked_until = NULL"
        " WHERE tenant = %(tenant)s AND user_id = %(user_id)s AND email IS NOT NULL"
        f" AND {_TELLTALE} = coalesce(%(instead_of)s::text, {_TELLTALE})",
        {"user_id": user_id, "password_hash": password_hash, "instead_of": instead_of},
    )
    return changed == 1


async def lock_admins(session: TenantSession) -> list[UUID]:
    """Give the tenant's admins who are not disabled, held until the transaction ends."""
    rows = await session.values(
        "SELECT user_id FROM users WHERE tenant = %(tenant)s AND role = 'admin' AND disabled_at IS NULL"
        " ORDER BY user_id FOR UPDATE"
    )
    return [row[0] for row in rows]


async def set_role(session: TenantSession, user_id: UUID, role: str) -> bool:
    """Give a person another role; `False` where there is no such person."""
    changed = await session.execute(
        "UPDATE users SET role = %(role)s WHERE tenant = %(tenant)s AND user_id = %(user_id)s AND email IS NOT NULL",
        {"user_id": user_id, "role": role},
    )
    return changed == 1


async def hold_enabled(session: TenantSession, user_id: UUID) -> bool:
    """Keep a person from being disabled until the transaction ends; `False` for one who is, or is not there."""
    rows = await session.values(
        "SELECT user_id FROM users WHERE tenant = %(tenant)s AND user_id = %(user_id)s AND email IS NOT NULL"
        " AND disabled_at IS NULL FOR SHARE",
        {"user_id": user_id},
    )
    return bool(rows)


async def disable(session: TenantSession, user_id: UUID) -> bool:
    """Keep a person out; the time of the first such wish stays. `False` where there is no such person."""
    changed = await session.execute(
        "UPDATE users SET disabled_at = coalesce(disabled_at, now())"
        " WHERE tenant = %(tenant)s AND user_id = %(user_id)s AND email IS NOT NULL",
        {"user_id": user_id},
    )
    return changed == 1


async def enable(session: TenantSession, user_id: UUID) -> bool:
    """Let a person in again; `False` where there is no such person."""
    changed = await session.execute(
        "UPDATE users SET disabled_at = NULL WHERE tenant = %(tenant)s AND user_id = %(user_id)s AND email IS NOT NULL",
        {"user_id": user_id},
    )
    return changed == 1
