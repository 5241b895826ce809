"""The keys that sign pushes: fetched where Google shows them, and kept for as long as Google says."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from maildock.domain.errors import Unavailable
from maildock.providers.gmail import jwt
from maildock.providers.gmail.settings import Endpoint
from maildock.providers.http import Answer, Http, Request

FETCH_SECONDS = 4.0
LEAST_SECONDS = 60.0  # between two fetches for keys that are not known
_USUAL_SECONDS = 3600.0
_LONGEST_SECONDS = 86_400.0
_LARGEST = 1 << 20
_OK = 200
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass
class _Shown:
    """What one address showed, by the monotonic clock."""

    keys: Mapping[str, RSAPublicKey] = field(default_factory=dict)
    tried_at: float = -LEAST_SECONDS
    good_until: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Certificates:
    """Keys by their id, for each address that shows some."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._shown: dict[Endpoint, _Shown] = {}

    async def keys(self, endpoint: Endpoint, key_id: str) -> Mapping[str, RSAPublicKey]:
        """Give the keys; they are fetched when they are old, or when this one is not among them.

        Strangers can name any key, so that makes one fetch a minute at most. Raises `Unavailable` without any keys.
        """
        shown = self._shown.setdefault(endpoint, _Shown())
        async with shown.asking:
            now = time.monotonic()
            wanted = now >= shown.good_until or key_id not in shown.keys
            if wanted and now - shown.tried_at >= LEAST_SECONDS:
                shown.tried_at = now
                await self._fetch(endpoint, shown)
        if not shown.keys:
            raise Unavailable("Google's certificates cannot be had now, so no push can be verified")
        return shown.keys

    async def _fetch(self, endpoint: Endpoint, shown: _Shown) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                answer = await self._http.ask(Request("GET", endpoint.origin, endpoint.target), _LARGEST)
            keys = _read(answer)
        except (Unavailable, TimeoutError) as problem:
            if not shown.keys:
                # So that a push can ask again soon, but none of those that wait now.
                shown.tried_at = time.monotonic() - LEAST_SECONDS + FETCH_SECONDS
                raise Unavailable("Google's certificates cannot be had now, so no push can be verified") from problem
            return
        shown.keys, shown.good_until = keys, time.monotonic() + _seconds(answer)


def _read(answer: Answer) -> Mapping[str, RSAPublicKey]:
    """Read a JWKS (RFC 7517), or Google's map of key ids to X.509 certificates; what is no RSA key is left out."""
    if answer.status != _OK:
        raise Unavailable(f"Google's certificates: status {answer.status}")
    content = answer.json()
    listed = content.get("keys")
    if isinstance(listed, list):
        found = {str(one.get("kid")): _from_numbers(one) for one in listed if isinstance(one, dict)}
    else:
        found = {key_id: _from_certificate(text) for key_id, text in content.items()}
    keys = {key_id: key for key_id, key in found.items() if key is not None}
    if not keys:
        raise Unavailable("Google's certificates: no keys in the answer")
    return keys


def _from_numbers(one: Mapping[str, Any]) -> RSAPublicKey | None:
    try:
        modulus, exponent = (int.from_bytes(jwt.decoded(one[name])) for name in ("n", "e"))
        return RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, TypeError, ValueError):
        return None


def _from_certificate(text: object) -> RSAPublicKey | None:
    try:
        key = x509.load_pem_x509_certificate(str(text).encode()).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _seconds(answer: Answer) -> float:
    found = _MAX_AGE.search(answer.headers.get("cache-control", ""))
    return min(max(float(found[1]), LEAST_SECONDS), _LONGEST_SECONDS) if found else _USUAL_SECONDS
