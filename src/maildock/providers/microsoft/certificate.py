"""Logging in with a certificate: the application signs that it is itself (RFC 7523, with PS256 of RFC 7518)."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from maildock.domain.errors import UsageError

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]+-----END \1-----")
_LIFE_SECONDS = 600
_SKEW_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Certificate:
    """A private key, and the SHA-256 of the certificate that goes with it, which the directory knows it by."""

    key: RSAPrivateKey
    thumbprint: bytes

    @classmethod
    def parse(cls, pem: str) -> Self:
        """Read a PEM that holds both, in any order; raises `UsageError` that says what is missing."""
        blocks = [(found[1], found[0].encode()) for found in _BLOCK.finditer(pem)]
        key = _key([block for label, block in blocks if label.endswith("PRIVATE KEY")])
        for label, block in blocks:
            if label == "CERTIFICATE":
                certificate = _certificate(block)
                if certificate.public_key() == key.public_key():
                    return cls(key, certificate.fingerprint(SHA256()))
        raise UsageError("the PEM holds no certificate that goes with its private key")

    def assertion(self, client_id: str, audience: str, now: int) -> str:
        """Sign that the application `client_id` asks at `audience`; `now` is in seconds since 1970."""
        header = {"alg": "PS256", "typ": "JWT", "x5t#S256": _base64(self.thumbprint)}
        claims = {
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid4()),
            "nbf": now - _SKEW_SECONDS,
            "exp": now + _LIFE_SECONDS,
        }
        signed = f"{_json(header)}.{_json(claims)}"
        padding = PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH)
        return f"{signed}.{_base64(self.key.sign(signed.encode(), padding, SHA256()))}"


def _key(blocks: list[bytes]) -> RSAPrivateKey:
    if len(blocks) != 1:
        raise UsageError("the PEM must hold one private key, and its certificate")
    try:
        key = load_pem_private_key(blocks[0], password=None)
    except TypeError as problem:
        raise UsageError("the private key has a password; write it without one") from problem
    except ValueError as problem:
        raise UsageError("the private key cannot be read") from problem
    if not isinstance(key, RSAPrivateKey):
        raise UsageError("the private key must be an RSA key")
    return key


def _certificate(block: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError as problem:
        raise UsageError("the certificate cannot be read") from problem


def _json(content: Mapping[str, object]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
