"""Single sign-on from its first step to its last: out to the issuer, and back with somebody or with a refusal."""

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maildock.providers.http import Http
from maildock.sign_on.admit import admit
from maildock.sign_on.issuer import Issuer
from maildock.sign_on.refusals import Cancelled, Untrusted
from maildock.sign_on.registration import Registration
from maildock.sign_on.trip import Trip
from maildock.tables.session import Database

_LONGEST_CODE = 8192


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a browser is sent, and the cookie that it takes along."""

    url: str
    cookie: str


class SingleSignOn:
    """Sign-in at the issuer of a registration."""

    def __init__(self, http: Http, registration: Registration) -> None:
        self.registration = registration
        self.issuer = Issuer(http, registration)

    async def leave(self, goal: str, key: str) -> Departure:
        """Send a browser out; `goal` is one of our own paths. Raises `IssuerAway` or `Untrusted`."""
        trip = Trip.begin(goal, time.time())
        return Departure(await self.issuer.authorization_url(trip), trip.sealed(key))

    async def come_back(
        self, database: Database, query: Mapping[str, str], cookie: str, keys: Sequence[str]
    ) -> tuple[str, str]:
        """Give the session's cookie and the page to go on to. Raises `SignOnRefused`."""
        trip = Trip.read(cookie, keys, query.get("state", ""), time.time())
        await self._check_sender(query.get("iss"))
        code = query.get("code", "")
        if "error" in query or not 0 < len(code) <= _LONGEST_CODE:
            raise Cancelled("no code")
        identity = await self.issuer.redeem(code, trip)
        return await admit(database, self.registration, identity), trip.goal

    async def _check_sender(self, named: str | None) -> None:
        """Refuse another issuer's answer (RFC 9207)."""
        if named is None and not (await self.issuer.endpoints()).names_itself:
            return
        if not hmac.compare_digest((named or "").encode("utf-8", "replace"), self.registration.issuer.encode()):
            raise Untrusted("answer of another issuer")
