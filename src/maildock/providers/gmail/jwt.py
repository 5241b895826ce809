"""JSON Web Tokens with RS256 alone (RFC 7515, RFC 7519): written, and taken apart. Pure."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

LONGEST = 16_384
_PIECES = 3
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")


class NotAToken(ValueError):
    """This is no signed token."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A token taken apart; nothing in it is to be believed before `is_signed_by`."""

    algorithm: str
    key_id: str
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes

    def is_signed_by(self, key: RSAPublicKey) -> bool:
        """Say whether the owner of this key has signed it, with RS256."""
        try:
            key.verify(self.signature, self.signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return self.algorithm == "RS256"


def write(claims: Mapping[str, object], key: RSAPrivateKey, key_id: str) -> str:
    """Write a token."""
    head = {"alg": "RS256", "typ": "JWT", "kid": key_id}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, dict(claims)))
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def parse(token: str) -> Parsed:
    """Take a token apart. Raises `NotAToken`."""
    pieces = token.split(".")
    if len(token) > LONGEST or len(pieces) != _PIECES or not token.isascii():
        raise NotAToken("this is no signed token")
    head, claims = _object(pieces[0]), _object(pieces[1])
    signed = f"{pieces[0]}.{pieces[1]}".encode()
    return Parsed(str(head.get("alg")), str(head.get("kid")), claims, signed, decoded(pieces[2]))


def decoded(text: str) -> bytes:
    """Decode base64url, padded or not. Raises `NotAToken`."""
    if not _BASE64URL.fullmatch(text):
        raise NotAToken("there is no base64url where some belongs")
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError) as problem:
        raise NotAToken("there is no base64url where some belongs") from problem


def _object(text: str) -> Mapping[str, object]:
    try:
        content: Any = json.loads(decoded(text))
    except (ValueError, RecursionError) as problem:
        raise NotAToken("the token has no JSON in it") from problem
    if not isinstance(content, dict):
        raise NotAToken("the token has no JSON object in it")
    return content


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
