"""An issuer's addresses, keys and tokens: asked for, and kept for as long as it allows."""

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from maildock.domain.errors import Unavailable, UsageError
from maildock.providers.http import Answer, Http, Origin, Request
from maildock.sign_on import id_token
from maildock.sign_on.id_token import Expected, Identity
from maildock.sign_on.refusals import Cancelled, IssuerAway, SignOnRefused, Untrusted
from maildock.sign_on.registration import Registration
from maildock.sign_on.trip import Trip

ASK_SECONDS = 10.0
LARGEST = 1 << 20
SCOPE = "openid email profile"
_OK, _REFUSED = 200, range(400, 500)
_LEAST_SECONDS, _USUAL_SECONDS, _LONGEST_SECONDS = 60.0, 3600.0, 86_400.0
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_NOT_KEPT = re.compile(r"no-store|no-cache", re.IGNORECASE)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What discovery says (OpenID Connect Discovery 1.0, 3)."""

    authorization: str
    token: str
    jwks: str
    posts_secret: bool
    names_itself: bool


@dataclass
class _Kept(Generic[T]):
    """An answer, or why there was none, by the monotonic clock."""

    value: T | None = None
    good_until: float = 0.0
    failed_at: float = 0.0
    failure: SignOnRefused | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, ask: Callable[[], Awaitable[tuple[T, float]]], *, afresh: bool = False) -> T:
        """Give what is kept, or ask; whoever comes while somebody asks waits for that answer, or its failure."""
        came = time.monotonic()
        async with self.asking:
            if self.value is not None and not afresh and time.monotonic() < self.good_until:
                return self.value
            if self.failure is not None and self.failed_at >= came:
                raise self.failure
            try:
                self.value, seconds = await ask()
            except SignOnRefused as problem:
                self.failure, self.failed_at = problem, time.monotonic()
                raise
            self.failure, self.good_until = None, time.monotonic() + seconds
            return self.value


class Issuer:
    """The issuer of a registration; `ask_seconds` is what each answer may take as a whole."""

    def __init__(self, http: Http, registration: Registration) -> None:
        self._http = http
        self._registration = registration
        self.ask_seconds = ASK_SECONDS
        self._endpoints: _Kept[Endpoints] = _Kept()
        self._keys: _Kept[list[Any]] = _Kept()

    async def endpoints(self) -> Endpoints:
        """Give its addresses. Raises `IssuerAway` or `Untrusted`."""
        return await self._endpoints.get(self._discover)

    async def authorization_url(self, trip: Trip) -> str:
        """Write the address to which a browser is sent."""
        endpoints = await self.endpoints()
        asked = {
            "response_type": "code",
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.redirect_uri,
            "scope": SCOPE,
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": trip.challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in endpoints.authorization else "?"
        return f"{endpoints.authorization}{joint}{urlencode(asked, quote_via=quote)}"

    async def redeem(self, code: str, trip: Trip) -> Identity:
        """Give whom a code stands for. Raises `IssuerAway`, `Untrusted` or `Cancelled`."""
        granted = await self._exchange(code, trip)
        token, access_token = granted.get("id_token"), granted.get("access_token")
        if not isinstance(token, str):
            raise Untrusted("no ID token")
        bound = access_token if isinstance(access_token, str) else ""
        expected = Expected(self._registration.issuer, self._registration.client_id, trip.nonce, bound)
        try:
            return id_token.verify(token, await self.keys(), expected, time.time())
        except id_token.UnknownKey:
            # It may have begun to sign with a new one; asked once.
            return id_token.verify(token, await self.keys(afresh=True), expected, time.time())

    async def keys(self, *, afresh: bool = False) -> list[Any]:
        """Give the keys that sign. Raises `IssuerAway` or `Untrusted`."""
        return await self._keys.get(self._fetch_keys, afresh=afresh)

    async def _discover(self) -> tuple[Endpoints, float]:
        url = f"{self._registration.issuer.rstrip('/')}/.well-known/openid-configuration"
        answer = await self._get(url, "discovery")
        return self._read(answer), _seconds(answer)

    async def _fetch_keys(self) -> tuple[list[Any], float]:
        answer = await self._get((await self.endpoints()).jwks, "keys")
        keys = id_token.read_keys(_object(answer, "keys"))
        if not keys:
            raise Untrusted("no keys that sign")
        return keys, _seconds(answer)

    async def _exchange(self, code: str, trip: Trip) -> Mapping[str, Any]:
        endpoints, ours = await self.endpoints(), self._registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": ours.redirect_uri,
            "code_verifier": trip.verifier,
            "client_id": ours.client_id,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if endpoints.posts_secret:
            form["client_secret"] = ours.client_secret
        else:
            # RFC 6749, 2.3.1: both are encoded before.
            pair = f"{quote(ours.client_id, safe='')}:{quote(ours.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = await self._ask("POST", endpoints.token, "token", headers, urlencode(form).encode())
        if answer.status in _REFUSED:
            error = _object(answer, "token").get("error")
            if error == "invalid_grant":
                raise Cancelled("code refused")
            raise Untrusted("client refused" if error == "invalid_client" else f"token status {answer.status}")
        return _object(_ok(answer, "token"), "token")

    async def _get(self, url: str, what: str) -> Answer:
        return _ok(await self._ask("GET", url, what, {"Accept": "application/json"}), what)

    async def _ask(
        self, method: str, url: str, what: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        try:
            origin = _origin(url)
            async with asyncio.timeout(self.ask_seconds):
                return await self._http.ask(Request(method, origin, origin.target(url), headers, body), LARGEST)
        except (Unavailable, TimeoutError, UsageError) as problem:
            raise IssuerAway(what) from problem

    def _read(self, answer: Answer) -> Endpoints:
        content = _object(answer, "discovery")
        if content.get("issuer") != self._registration.issuer:
            raise Untrusted("discovery: another issuer")
        methods = content.get("token_endpoint_auth_methods_supported")
        listed = methods if isinstance(methods, list) else ["client_secret_basic"]
        return Endpoints(
            authorization=self._address(content, "authorization_endpoint"),
            token=self._address(content, "token_endpoint"),
            jwks=self._address(content, "jwks_uri"),
            posts_secret="client_secret_basic" not in listed and "client_secret_post" in listed,
            names_itself=content.get("authorization_response_iss_parameter_supported") is True,
        )

    def _address(self, content: Mapping[str, Any], name: str) -> str:
        url = content.get(name)
        try:
            if not isinstance(url, str) or "#" in url or not url.isascii() or not url.isprintable():
                raise Untrusted(f"discovery: {name}")
            origin = _origin(url)
            origin.target(url)
        except (UsageError, Unavailable, ValueError) as problem:
            raise Untrusted(f"discovery: {name}") from problem
        if origin.scheme == "http" and not self._registration.issuer.startswith("http:"):
            raise Untrusted(f"discovery: {name}")
        return url


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    return Origin.parse(f"{parts.scheme}://{parts.netloc}")


def _ok(answer: Answer, what: str) -> Answer:
    if answer.status != _OK:
        raise IssuerAway(f"{what}: status {answer.status}")
    return answer


def _object(answer: Answer, what: str) -> Mapping[str, Any]:
    try:
        return answer.json()
    except Unavailable as problem:
        raise Untrusted(f"{what}: no JSON") from problem


def _seconds(answer: Answer) -> float:
    told = answer.headers.get("cache-control", "")
    if _NOT_KEPT.search(told):
        return _LEAST_SECONDS
    found = _MAX_AGE.search(told)
    return min(max(float(found[1]), _LEAST_SECONDS), _LONGEST_SECONDS) if found else _USUAL_SECONDS
