"""Who may ask for tokens: service accounts with domain-wide delegation, and OAuth clients with refresh tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.google.jwt import rsa_key

READONLY = "https://www.googleapis.com/auth/gmail.readonly"
READING = frozenset({READONLY, "https://www.googleapis.com/auth/gmail.modify", "https://mail.google.com/"})


@dataclass
class ServiceAccount:
    """A service account; `delegated` are the scopes that the domain's administrator has allowed it."""

    email: str
    client_id: str = field(default_factory=lambda: str(10**20 + secrets.randbelow(10**20)))
    key_id: str = field(default_factory=lambda: secrets.token_hex(20))
    delegated: set[str] = field(default_factory=lambda: {READONLY})

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """Its private key."""
        return rsa_key(self.email)

    def file(self, origin: str) -> dict[str, str]:
        """Write the file that its owner downloads.

        "Ignore their `token_uri`": it leads to a port where nobody listens, so who follows it is found out.
        """
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "maildock-test",
            "private_key_id": self.key_id,
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": self.client_id,
            "auth_uri": "http://127.0.0.1:9/auth",
            "token_uri": "http://127.0.0.1:9/token",
            "auth_provider_x509_cert_url": f"{origin}/oauth2/v1/certs",
            "universe_domain": "googleapis.com",
        }


@dataclass
class Consent:
    """A user's consent, which a refresh token stands for."""

    client_id: str
    address: str
    scopes: frozenset[str]
    given_at: datetime
    revoked: bool = False
