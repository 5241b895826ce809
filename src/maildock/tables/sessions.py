"""`sessions`: who is logged in; a cookie names its row and holds the secret whose hash is kept here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not expired, with its person."""

    session_id: UUID
    user_id: UUID
    secret_hash: bytes
    email: str
    role: str
    expires_at: datetime


async def create(session: TenantSession, session_id: UUID, user_id: UUID, secret_hash: bytes, seconds: float) -> None:
    """Open a session that lasts `seconds` unless it is used."""
    await session.execute(
        "INSERT INTO sessions (tenant, session_id, user_id, secret_hash, expires_at)"
        " VALUES (%(tenant)s, %(session_id)s, %(user_id)s, %(secret_hash)s,"
        " now() + make_interval(secs => %(seconds)s))",
        {"session_id": session_id, "user_id": user_id, "secret_hash": secret_hash, "seconds": seconds},
    )


async def get(session: TenantSession, session_id: UUID) -> OpenSession | None:
    """Give a session that has not expired, of somebody who is not disabled."""
    return await session.one(
        OpenSession,
        "SELECT s.session_id, s.user_id, s.secret_hash, u.email, u.role, s.expires_at FROM sessions AS s"
        " JOIN users AS u ON u.tenant = %(tenant)s AND u.user_id = s.user_id"
        " WHERE s.tenant = %(tenant)s AND s.session_id = %(session_id)s AND s.expires_at > now()"
        " AND u.email IS NOT NULL AND u.disabled_at IS NULL",
        {"session_id": session_id},
    )


async def prolong(session: TenantSession, session_id: UUID, seconds: float, most: float) -> None:
    """Let a session last `seconds` from now, at most `most` seconds from its beginning."""
    await session.execute(
        "UPDATE sessions SET expires_at = least(now() + make_interval(secs => %(seconds)s),"
        " created_at + make_interval(secs => %(most)s))"
        " WHERE tenant = %(tenant)s AND session_id = %(session_id)s",
        {"session_id": session_id, "seconds": seconds, "most": most},
    )


async def close(session: TenantSession, session_id: UUID) -> None:
    """End a session."""
    await session.execute(
        "DELETE FROM sessions WHERE tenant = %(tenant)s AND session_id = %(session_id)s", {"session_id": session_id}
    )


async def close_others(session: TenantSession, user_id: UUID, kept: UUID | None) -> None:
    """End all sessions of a person but the `kept` one."""
    await session.execute(
        "DELETE FROM sessions WHERE tenant = %(tenant)s AND user_id = %(user_id)s"
        " AND session_id IS DISTINCT FROM %(kept)s::uuid",
        {"user_id": user_id, "kept": kept},
    )


async def clear_expired(session: TenantSession) -> None:
    """Drop what nobody can use any more."""
    await session.execute("DELETE FROM sessions WHERE tenant = %(tenant)s AND expires_at <= now()")
