"""What an issuer signs, rightly, and as a broken or hostile one would."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.google.jwt import Algorithm, base64url, rsa_key, sign


@dataclass(frozen=True)
class Login:
    """Who signs in at the issuer, and what it says of them beside that."""

    subject: str = "248289761001"
    email: str = "ann@shop.example"
    verified: object = True
    more: dict[str, Any] = field(default_factory=dict)

    def saying(self, **more: Any) -> Login:
        """Say other claims of the same person; `None` leaves one out."""
        return replace(self, more={**self.more, **more})

    def claims(self) -> dict[str, Any]:
        """Give what a token says of them."""
        return {"sub": self.subject, "email": self.email, "email_verified": self.verified}


class Keys:
    """Keys by their id, the newest last: that one signs; `served` counts how often they were shown."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._names: list[str] = []
        self.served = 0
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on, and show only that."""
        self._names = [f"issuer {next(self._numbers)}"]

    @property
    def current(self) -> tuple[str, rsa.RSAPrivateKey]:
        """Give the key that signs, with its id."""
        return self._names[-1].replace(" ", "-"), rsa_key(self._names[-1])

    def shown(self) -> dict[str, Any]:
        """Give the JWKS."""
        self.served += 1
        key_id, key = self.current
        numbers = key.public_key().public_numbers()
        known = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id}
        return {"keys": [known | {"n": _number(numbers.n), "e": _number(numbers.e)}]}


@dataclass
class Signing:
    """How ID tokens are signed; tests change it to make wrong ones."""

    keys: Keys = field(default_factory=Keys)
    algorithm: Algorithm = "RS256"
    by: str = ""  # another key's name than the one that its id says
    change: Callable[[str], str] = str

    def token(self, claims: dict[str, Any]) -> str:
        """Write a token; claims that are `None` are left out."""
        key_id, key = self.keys.current
        said = {name: value for name, value in claims.items() if value is not None}
        return self.change(sign(said, rsa_key(self.by) if self.by else key, key_id, self.algorithm))


def _number(number: int) -> str:
    return base64url(number.to_bytes((number.bit_length() + 7) // 8))
