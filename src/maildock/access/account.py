"""What people do with their own login, and admins with that of others."""

from uuid import UUID

from maildock.access.login import Doorkeeper, Person
from maildock.access.passwords import hash_password
from maildock.access.people import check_password, hold_admins
from maildock.domain.errors import UsageError
from maildock.tables import identities, sessions, users
from maildock.tables.session import Database


async def change_password(doorkeeper: Doorkeeper, person: Person, current: str, new: str) -> None:
    """Replace a person's password, and end all their sessions but this one.

    Raises `UsageError` for a password that will not do, `LoginRefused` or `TooManyAttempts` for the current one.
    """
    check_password(new)
    await doorkeeper.confirm(person, current)
    password_hash = await hash_password(new)
    async with doorkeeper.database.tenant(person.tenant) as session:
        await users.set_password(session, person.user_id, password_hash)
        await sessions.close_others(session, person.user_id, person.session_id)


async def reset_password(
    database: Database,
    tenant: UUID,
    user_id: UUID,
    password: str,
    by: UUID | None = None,
    instead_of: str | None = None,
) -> bool:
    """Give somebody who forgot theirs another password, and end their sessions; `False` where there is no such person.

    `by` is the admin who wishes it, `None` for the operator. Raises `UsageError` where that is the person, who has to
    know the old one, for a password that will not do, or where they have another by now than `instead_of`; and
    `NotAdmin` where `by` is none any more.
    """
    check_password(password)
    if user_id == by:
        raise UsageError("Change your own password under your login.")
    password_hash = await hash_password(password)
    async with database.tenant(tenant) as session:
        await hold_admins(session, by)
        if not await users.set_password(session, user_id, password_hash, instead_of):
            if await users.role_of(session, user_id) is None:
                return False
            raise UsageError("This was done already, or they changed it: what was shown then still opens their login.")
        await sessions.close_others(session, user_id, None)
        return True


async def sign_out_everywhere(database: Database, person: Person) -> None:
    """End all sessions of a person, this one too."""
    async with database.tenant(person.tenant) as session:
        await sessions.close_others(session, person.user_id, None)


async def unlink(database: Database, tenant: UUID, user_id: UUID) -> bool:
    """Take a person's login at the issuer from them, and end their sessions; `False` where there is none."""
    async with database.tenant(tenant) as session:
        if not await identities.forget(session, user_id):
            return False
        await sessions.close_others(session, user_id, None)
        return True


async def set_role(database: Database, tenant: UUID, user_id: UUID, role: str, by: UUID | None = None) -> bool:
    """Make a person an `admin` or an `agent`; `False` where the tenant has no such person.

    `by` is the admin who wishes it, `None` for the operator and the issuer. Raises `UsageError` where nobody would be
    left to undo it, and `NotAdmin` where `by` is none any more.
    """
    async with database.tenant(tenant) as session:
        if await hold_admins(session, by) == [user_id] and role != "admin":
            raise UsageError("This is the only admin who may log in; make somebody else one first.")
        return await users.set_role(session, user_id, role)


async def disable(database: Database, tenant: UUID, user_id: UUID, by: UUID | None = None) -> bool:
    """Keep a person out, with their sessions and tokens; `False` where the tenant has no such person.

    `by` is the admin who wishes it, `None` for the operator. Raises `UsageError` where that is the person, or nobody
    would be left to undo it, and `NotAdmin` where `by` is none any more.
    """
    async with database.tenant(tenant) as session:
        admins = await hold_admins(session, by)
        if user_id == by:
            raise UsageError("You cannot disable yourself; another admin can.")
        if admins == [user_id]:
            raise UsageError("This is the only admin who may log in; make somebody else one first.")
        if not await users.disable(session, user_id):
            return False
        await sessions.close_others(session, user_id, None)
        return True


async def enable(database: Database, tenant: UUID, user_id: UUID, by: UUID | None = None) -> bool:
    """Let a person in again, and the tokens that they made; `False` where the tenant has no such person.

    Raises `NotAdmin` as `disable` does.
    """
    async with database.tenant(tenant) as session:
        await hold_admins(session, by)
        return await users.enable(session, user_id)
