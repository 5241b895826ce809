"""Add the people who may log in."""

import re
from uuid import UUID, uuid4

from maildock.access.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, hash_password
from maildock.domain.errors import MaildockError, UsageError
from maildock.tables import users
from maildock.tables.session import Database, TenantSession

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


def normal_email(email: str) -> str:
    """Give the one spelling under which an email address is kept and looked up."""
    return email.strip().casefold()


def check_password(password: str) -> None:
    """Refuse a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")


class NotAdmin(MaildockError):
    """Only an admin may do this, and you are none any more."""


async def hold_admins(session: TenantSession, by: UUID | None) -> list[UUID]:
    """Give the admins who may log in, held until the transaction ends.

    Raises `NotAdmin` unless `by` is one: whoever was one when their request came may have been disabled since.
    """
    admins = await users.lock_admins(session)
    if by is not None and by not in admins:
        raise NotAdmin
    return admins


async def add_user(
    database: Database, tenant: UUID, email: str, password: str, *, admin: bool, by: UUID | None = None
) -> UUID:
    """Make a person of the tenant who may log in, and give their id; the email must be new in the tenant.

    `by` is the admin who wishes it. Raises `NotAdmin` where they are none any more, else `UsageError`.
    """
    kept = normal_email(email)
    if not _EMAIL.fullmatch(kept) or not kept.isprintable() or len(kept) > LONGEST_EMAIL:
        raise UsageError(f"{email!r} is not an email address")
    check_password(password)
    user_id = uuid4()
    password_hash = await hash_password(password)
    async with database.tenant(tenant) as session:
        if by is not None:
            await hold_admins(session, by)
        if not await users.create(session, user_id, kept, "admin" if admin else "agent", password_hash):
            raise UsageError(f"there is a user {kept} already")
    return user_id
