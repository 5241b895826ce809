"""Whether an application signed that it is itself ("Graph: Auth"; RFC 7523)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def is_signed(form: Mapping[str, str], certificate: str, client_id: str, address: str, now: datetime) -> bool:
    """Check type, signature (PS256), thumbprint, names, audience and times."""
    known = x509.load_pem_x509_certificate(certificate.encode())
    signed, _, signature = form["client_assertion"].rpartition(".")
    header, claims = (_json(piece) for piece in signed.split("."))
    if not _verified(known, signed, _bytes(signature)):
        return False
    thumbprint = _bytes(header["x5t#S256"]) == known.fingerprint(SHA256())
    named = claims["iss"] == claims["sub"] == client_id and claims["aud"] == address and bool(claims["jti"])
    timely = claims["nbf"] <= now.timestamp() < claims["exp"]
    return form["client_assertion_type"] == KIND and header["alg"] == "PS256" and thumbprint and named and timely


def _verified(certificate: x509.Certificate, signed: str, signature: bytes) -> bool:
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(signature, signed.encode(), PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())
    except InvalidSignature:
        return False
    return True


def _json(piece: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_bytes(piece))
    return content


def _bytes(piece: str) -> bytes:
    return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
