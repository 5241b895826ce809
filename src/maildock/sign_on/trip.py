"""What a browser takes along to the issuer and must bring back: signed, for ten minutes. Pure.

The cookie binds the answer to the browser that asked (state), to the token that was asked for (nonce), and to the code
(PKCE, RFC 7636). It holds nothing that the browser's owner must not read.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from maildock.sign_on.refusals import StaleTrip

TRIP_SECONDS = 600
_PURPOSE = b"maildock: trip to the issuer"
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Trip:
    """One sign-in under way; `goal` is the page to go on to."""

    state: str
    nonce: str
    verifier: str
    goal: str
    begun: int

    @classmethod
    def begin(cls, goal: str, now: float) -> Self:
        """Set out, with fresh secrets."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, goal, int(now))

    @property
    def challenge(self) -> str:
        """Give what the issuer is told of the verifier (S256)."""
        return _encoded(hashlib.sha256(self.verifier.encode()).digest())

    def sealed(self, key: str) -> str:
        """Write the cookie."""
        content = [self.state, self.nonce, self.verifier, self.goal, self.begun]
        body = _encoded(json.dumps(content).encode())
        return f"{body}.{_signature(key, body)}"

    @classmethod
    def read(cls, cookie: str, keys: Sequence[str], state: str, now: float) -> Self:
        """Read the cookie that came back with `state`; every key still in use verifies. Raises `StaleTrip`."""
        body, _, signature = cookie.partition(".")
        if len(cookie) > _LONGEST or not cookie.isascii():
            raise StaleTrip("no cookie of ours")
        if not any(hmac.compare_digest(_signature(key, body), signature) for key in keys):
            raise StaleTrip("no cookie of ours")
        trip = cls(*json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
        if not 0 <= now - trip.begun <= TRIP_SECONDS:
            raise StaleTrip("too old")
        if not hmac.compare_digest(trip.state.encode(), state.encode("utf-8", "surrogatepass")):
            raise StaleTrip("another state")
        return trip


def _signature(key: str, body: str) -> str:
    return _encoded(hmac.digest(key.encode(), _PURPOSE + b"\n" + body.encode(), hashlib.sha256))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
