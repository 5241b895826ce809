"""Log in, be recognised by a cookie, log out.

Whoever tries must not learn which emails exist: an unknown one costs as much to refuse, is refused in the same words,
and is locked in the same way.
"""

import asyncio
import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from uuid import UUID, uuid4

from maildock.access.passwords import hash_password, is_outdated, matches
from maildock.access.people import normal_email
from maildock.access.throttle import Patience, Throttle
from maildock.domain.errors import MaildockError
from maildock.tables import sessions, tenants, users
from maildock.tables.session import Database, TenantSession

IDLE_SECONDS = 12 * 3600.0
LONGEST_SECONDS = 7 * 86400.0
_PROLONG_EVERY = timedelta(minutes=5)

_PER_PERSON = Patience(free=5, seconds=15.0, most=900.0)
_PER_ADDRESS = Patience(free=20, seconds=15.0, most=900.0)
_MOST_TENANTS = 8  # of one email; further ones need the tenant's name

# Refusals leave on this beat, so that the number of hashes behind one does not show in its time.
_BEAT_SECONDS = 0.5


class LoginRefused(MaildockError):
    """The email or the password is wrong."""


class WhichTenant(MaildockError):
    """This login opens several tenants; name the one you want."""


class TooManyAttempts(MaildockError):
    """There were too many attempts; wait a while before the next one."""

    def __init__(self, seconds: float) -> None:
        """Take the seconds that are left to wait."""
        super().__init__()
        self.retry_after = max(1, math.ceil(seconds))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in, `role` is `admin` or `agent`."""

    tenant: UUID
    session_id: UUID
    user_id: UUID
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A filled-in login form, and the client address that it came from; `tenant_name` may be empty."""

    email: str
    password: str
    tenant_name: str
    address: str


@dataclass(frozen=True, slots=True)
class _Tried:
    """A user whose password was tried: `opens` says if it was theirs, `login` is from before the attempt."""

    user: users.KnownUser
    login: users.Login
    opens: bool


@dataclass(slots=True)
class Doorkeeper:
    """Judges logins; remembers what client addresses and unknown emails failed at while the process runs."""

    database: Database
    addresses: Throttle = field(default_factory=lambda: Throttle(_PER_ADDRESS))
    strangers: Throttle = field(default_factory=lambda: Throttle(_PER_PERSON))

    async def log_in(self, attempt: Attempt) -> str:
        """Open a session and give its cookie's value.

        Raises `LoginRefused`, `WhichTenant` or `TooManyAttempts`.
        """
        begun = time.monotonic()
        with self.braked(attempt.address):
            try:
                return await self._judge(attempt)
            except MaildockError:
                await asyncio.sleep(_BEAT_SECONDS - (time.monotonic() - begun) % _BEAT_SECONDS)
                raise

    @contextmanager
    def braked(self, address: str) -> Iterator[None]:
        """Count an attempt of a client address, and take it back when it ends well. Raises `TooManyAttempts`."""
        network = _network(address)
        if wait := self.addresses.waits(network):
            raise TooManyAttempts(wait)
        self.addresses.count(network)
        yield
        self.addresses.take_back(network)

    async def confirm(self, person: Person, password: str) -> None:
        """Have somebody who is logged in show that they know their password, under the same brake as at the door.

        Raises `LoginRefused` or `TooManyAttempts`.
        """
        tried = await self._try_each([users.KnownUser(person.tenant, person.user_id)], password)
        if not any(each.opens for each in tried):
            raise LoginRefused
        await self._take_back(tried)

    async def _judge(self, attempt: Attempt) -> str:
        email = normal_email(attempt.email)
        found = await self._candidates(email, attempt.tenant_name.strip())
        if not found:
            await self._refuse_stranger(email, attempt.password)
        tried = await self._try_each(found, attempt.password)
        opened = [each for each in tried if each.opens]
        if not opened:
            raise LoginRefused
        await self._take_back(tried)
        if len(opened) > 1:
            raise WhichTenant
        return await self._open(opened[0], attempt.password)

    async def _candidates(self, email: str, tenant_name: str) -> list[users.KnownUser]:
        if "\x00" in email + tenant_name:
            return []
        async with self.database.sweep() as session:
            if not tenant_name:
                return await users.by_email(session, email, _MOST_TENANTS)
            named = {tenant.tenant for tenant in await tenants.named(session, tenant_name)}
            return [user for user in await users.by_email(session, email, 10_000) if user.tenant in named]

    async def _refuse_stranger(self, email: str, password: str) -> None:
        if wait := self.strangers.waits(email):
            raise TooManyAttempts(wait)
        self.strangers.count(email)
        await matches(None, password)

    async def _try_each(self, found: Sequence[users.KnownUser], password: str) -> list[_Tried]:
        tried: list[_Tried] = []
        wait = 0.0
        for user in found:
            login = await self._count(user)
            if login is None:
                continue
            if left := _left(login):
                wait = max(wait, left)
                continue
            tried.append(_Tried(user, login, opens=await matches(login.password_hash, password)))
        if wait and not any(each.opens for each in tried):
            raise TooManyAttempts(wait)
        return tried

    async def _count(self, user: users.KnownUser) -> users.Login | None:
        """Count the attempt as a failure before the password is looked at: many guesses at once are many failures."""
        async with self.database.tenant(user.tenant) as session:
            login = await users.lock_login(session, user.user_id)
            if login and not _left(login):
                failures = 1 if _is_old(login) else login.failed_logins + 1
                await users.set_failures(session, user.user_id, failures, _PER_PERSON.wait(failures))
        return login

    async def _take_back(self, tried: Sequence[_Tried]) -> None:
        # The same person's users in other tenants, with other passwords: this was no guess at those.
        for each in tried:
            async with self.database.tenant(each.user.tenant) as session:
                await users.take_back_failure(session, each.user.user_id, each.login.locked_until)

    async def _open(self, opened: _Tried, password: str) -> str:
        tenant, user_id, known = opened.user.tenant, opened.user.user_id, opened.login.password_hash
        new_hash = await hash_password(password) if known and is_outdated(known) else None
        async with self.database.tenant(tenant) as session:
            await users.forgive(session, user_id, new_hash)
            return await open_session(session, user_id)


async def open_session(session: TenantSession, user_id: UUID) -> str:
    """Log a person of the session's tenant in, and give the cookie's value.

    Raises `LoginRefused` for one who is disabled.
    """
    # Held: whoever disables them meanwhile waits, and then finds this session to end.
    if not await users.hold_enabled(session, user_id):
        raise LoginRefused
    session_id, secret = uuid4(), secrets.token_urlsafe(32)
    await sessions.clear_expired(session)
    await sessions.create(session, session_id, user_id, _hash(secret), IDLE_SECONDS)
    return f"{session.tenant.hex}.{session_id.hex}.{secret}"


def _left(login: users.Login) -> float:
    return max((login.locked_until - login.now).total_seconds(), 0.0) if login.locked_until else 0.0


def _is_old(login: users.Login) -> bool:
    quiet = (login.now - login.locked_until).total_seconds() if login.locked_until else 0.0
    return quiet > _PER_PERSON.most


async def recognise(database: Database, cookie: str) -> Person | None:
    """Say who shows this cookie, `None` when it opens nothing (any more)."""
    named = _parse(cookie)
    if named is None:
        return None
    tenant, session_id, secret = named
    async with database.tenant(tenant) as session:
        found = await sessions.get(session, session_id)
        if found is None or not hmac.compare_digest(bytes(found.secret_hash), _hash(secret)):
            return None
        idle_end = datetime.now(UTC) + timedelta(seconds=IDLE_SECONDS)
        if idle_end - found.expires_at > _PROLONG_EVERY:
            await sessions.prolong(session, session_id, IDLE_SECONDS, LONGEST_SECONDS)
    return Person(tenant, session_id, found.user_id, found.email, found.role)


async def is_open(database: Database, person: Person) -> bool:
    """Say whether a session still opens something, without making it last longer."""
    async with database.tenant(person.tenant) as session:
        return await sessions.get(session, person.session_id) is not None


async def log_out(database: Database, person: Person) -> None:
    """End the session; its cookie opens nothing from now on."""
    async with database.tenant(person.tenant) as session:
        await sessions.close(session, person.session_id)


def _parse(cookie: str) -> tuple[UUID, UUID, str] | None:
    tenant, _, rest = cookie.partition(".")
    session_id, _, secret = rest.partition(".")
    try:
        return UUID(tenant), UUID(session_id), secret
    except ValueError:
        return None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _network(address: str) -> str:
    """Give what one client can be told apart by: an IPv4 address, or the /64 that an IPv6 host has to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return parsed.packed[:8].hex()
    return str(parsed)
