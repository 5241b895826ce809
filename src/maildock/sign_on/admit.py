"""Whom a verified identity lets in: the person it is bound to, else the one with its verified email, bound from now."""

from uuid import UUID

import structlog

from maildock.access.account import set_role
from maildock.access.login import LoginRefused, open_session
from maildock.access.passwords import new_password
from maildock.access.people import add_user, normal_email
from maildock.access.tenants import find_tenant
from maildock.domain.errors import UsageError
from maildock.sign_on.id_token import Identity
from maildock.sign_on.refusals import BoundElsewhere, NotAdded, NotVerified, Untrusted
from maildock.sign_on.registration import Registration
from maildock.tables import identities, users
from maildock.tables.session import Database
from maildock.tables.users import Entrant

log = structlog.get_logger(__name__)

_DISABLED = "disabled"


async def admit(database: Database, registration: Registration, identity: Identity) -> str:
    """Log somebody in and give their cookie. Raises `NotVerified`, `NotAdded` or `BoundElsewhere`."""
    try:
        tenant = (await find_tenant(database, registration.tenant)).tenant
    except UsageError as problem:
        raise Untrusted("MAILDOCK_OIDC_TENANT names no tenant") from problem
    user_id = await _person(database, tenant, registration, identity)
    if registration.admin_claim:
        role = "admin" if identity.has(*registration.admin_claim) else "agent"
        await _follow_claim(database, tenant, user_id, role)
    try:
        async with database.tenant(tenant) as session:
            cookie = await open_session(session, user_id)
    except LoginRefused as problem:
        raise NotAdded(_DISABLED) from problem
    log.info("signed in through the issuer", tenant=str(tenant), user_id=str(user_id))
    return cookie


async def _person(database: Database, tenant: UUID, registration: Registration, identity: Identity) -> UUID:
    async with database.tenant(tenant) as session:
        if known := await identities.find(session, identity.issuer, identity.subject):
            return _enabled(known)
    email = _spelling(identity.email)
    if not email or not email.isprintable():
        raise NotVerified
    return await _bind(database, tenant, identity, await _with_email(database, tenant, registration, email))


def _spelling(email: str) -> str:
    """Fold ASCII only: a mailbox whose letters merely fold to those of another is somebody else's."""
    return normal_email(email) if email.isascii() else email


async def _with_email(database: Database, tenant: UUID, registration: Registration, email: str) -> UUID:
    async with database.tenant(tenant) as session:
        found = await users.with_email(session, email)
    if found is not None:
        return _enabled(found)
    if email.rpartition("@")[2] not in registration.agent_domains or normal_email(email) != email:
        raise NotAdded
    try:
        # Nobody knows the password: this person enters by the issuer alone.
        return await add_user(database, tenant, email, new_password(), admin=False)
    except UsageError as problem:
        raise NotAdded from problem


def _enabled(found: Entrant) -> UUID:
    # In the words for strangers; the log tells them apart.
    if found.is_disabled:
        raise NotAdded(_DISABLED)
    return found.user_id


async def _bind(database: Database, tenant: UUID, identity: Identity, user_id: UUID) -> UUID:
    async with database.tenant(tenant) as session:
        bound = await identities.bind(session, identity.issuer, identity.subject, user_id)
        # Two first sign-ins at once: the other one has bound it.
        if not bound:
            known = await identities.find(session, identity.issuer, identity.subject)
            if known is None or known.user_id != user_id:
                raise BoundElsewhere
    return user_id


async def _follow_claim(database: Database, tenant: UUID, user_id: UUID, role: str) -> None:
    async with database.tenant(tenant) as session:
        if await users.role_of(session, user_id) == role:
            return
    try:
        await set_role(database, tenant, user_id, role)
    except UsageError:
        log.warning("the only admin stays one against the claim", tenant=str(tenant), user_id=str(user_id))
