"""Credentials at rest: sealed with a key that is not in the database.

AES-256-GCM (NIST SP 800-38D) with a key drawn from each of the secret keys by HKDF-SHA256 (RFC 5869). The first key
seals, every key opens, so keys can be rotated. What is sealed for one provider opens for no other.
"""

import os
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from maildock.domain.errors import MaildockError

_NONCE_BYTES = 12
_PURPOSE = b"maildock: provider credentials"


class Sealed(MaildockError):
    """No key of MAILDOCK_SECRET_KEY opens these credentials: put the former key back, or enter them anew."""


class Sealer:
    """Seals and opens; `keys` are the secret keys, the newest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._ciphers = [AESGCM(_derived(key)) for key in keys]

    def seal(self, tenant: UUID, provider_id: UUID, plain: str) -> bytes:
        """Seal a text for one provider of one tenant."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, plain.encode(), tenant.bytes + provider_id.bytes)

    def open(self, tenant: UUID, provider_id: UUID, sealed: bytes) -> str:
        """Open what was sealed for this provider; raises `Sealed` where no key fits."""
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, content, tenant.bytes + provider_id.bytes).decode()
            except (InvalidTag, ValueError):  # the latter for what is too short to be sealed
                continue
        raise Sealed


def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(key.encode())
