"""JSON Web Tokens as Google signs and takes them (RFC 7519), and as a forger would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Algorithm = Literal["RS256", "HS256", "none"]


class InvalidToken(Exception):
    """The token is not what it claims to be."""


_KEYS: dict[str, rsa.RSAPrivateKey] = {}


def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Give the key of this name: making one takes a while, and one that is only a test's may be used again."""
    if name not in _KEYS:
        _KEYS[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _KEYS[name]


def base64url(data: bytes) -> str:
    """Encode without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unbase64url(text: str) -> bytes:
    """Decode, padded or not."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(
    claims: Mapping[str, Any], key: rsa.RSAPrivateKey, key_id: str, algorithm: Algorithm = "RS256", **header: str
) -> str:
    """Write a token; `HS256` signs with the public key, as the well-known attack does, `none` not at all."""
    head = {"alg": algorithm, "kid": key_id, "typ": "JWT", **header}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (head, dict(claims)))
    return f"{signed}.{base64url(_signature(signed.encode(), key, algorithm))}"


def _signature(signed: bytes, key: rsa.RSAPrivateKey, algorithm: Algorithm) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm == "HS256":
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hmac.digest(public, signed, hashlib.sha256)
    return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the header and the claims, whoever signed them."""
    try:
        head, claims = (json.loads(unbase64url(part)) for part in token.split(".")[:2])
    except ValueError as error:
        raise InvalidToken("the token cannot be read") from error
    if not isinstance(head, dict) or not isinstance(claims, dict):
        raise InvalidToken("the token cannot be read")
    return head, claims


def verify(token: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
    """Give the claims of a token that this key has signed with RS256."""
    head, claims = read(token)
    if head.get("alg") != "RS256":
        raise InvalidToken("the token is signed in another way")
    signed, _, signature = token.rpartition(".")
    try:
        key.verify(unbase64url(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError) as error:
        raise InvalidToken("the signature is wrong") from error
    return claims
