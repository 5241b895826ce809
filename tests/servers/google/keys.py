"""The keys that sign pushes, and the two addresses where Google shows them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha1

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.servers.google.jwt import base64url, rsa_key
from tests.servers.replies import Reply, as_json


class SigningKeys:
    """Keys, the newest last: that one signs. `max_age`: seconds for which their answer may be kept."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.max_age = 19_000
        self.served = 0
        self._now = now
        self._numbers = itertools.count(1)
        self._names: list[str] = []

    def rotate(self, *, keep: int = 1) -> None:
        """Sign with a new key from now on; `keep` of the older ones are still shown."""
        self._names = [*self._names[-keep:][:keep], f"push {next(self._numbers)}"]

    def current(self) -> tuple[str, rsa.RSAPrivateKey]:
        """Give the key that signs, with its id."""
        name = self._known()[-1]
        return key_id(name), rsa_key(name)

    def jwks(self) -> Reply:
        """Answer `/oauth2/v3/certs`."""
        return self._shown({"keys": [_jwk(name) for name in self._known()]})

    def x509(self) -> Reply:
        """Answer `/oauth2/v1/certs`."""
        return self._shown({key_id(name): self._certificate(name) for name in self._known()})

    def _known(self) -> list[str]:
        if not self._names:
            self.rotate()
        return self._names

    def _shown(self, content: dict[str, object]) -> Reply:
        self.served += 1
        return as_json(content, headers={"Cache-Control": f"public, max-age={self.max_age}, must-revalidate"})

    def _certificate(self, name: str) -> str:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(rsa_key(name).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now() - timedelta(days=1))
            .not_valid_after(self._now() + timedelta(days=15))
            .sign(rsa_key(name), hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_id(name: str) -> str:
    """Give the id of a key."""
    return sha1(name.encode(), usedforsecurity=False).hexdigest()


def _jwk(name: str) -> dict[str, str]:
    numbers = rsa_key(name).public_key().public_numbers()
    known = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id(name)}
    return known | {"n": _number(numbers.n), "e": _number(numbers.e)}


def _number(number: int) -> str:
    return base64url(number.to_bytes((number.bit_length() + 7) // 8))
