"""What is written down of a Microsoft mailbox's connection, and how it is checked before that."""

import json
import re
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate

from maildock.domain.errors import UsageError
from maildock.providers.connections import Connection
from maildock.providers.http import Origin

GRAPH_URL = "https://graph.microsoft.com"
AUTHORITY_URL = "https://login.microsoftonline.com"
FOLDER = "inbox"
# https://learn.microsoft.com/graph/deployments
_AUTHORITIES = {
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn": "https://login.chinacloudapi.cn",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,120}")


@dataclass(frozen=True, slots=True)
class MicrosoftSettings:
    """The settings of one mailbox."""

    directory_id: str
    client_id: str
    folder: str
    graph: Origin
    authority: Origin

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Read them from a connection."""
        return cls(
            directory_id=connection.setting("directory_id"),
            client_id=connection.setting("client_id"),
            folder=connection.setting("folder") or FOLDER,
            graph=Origin.parse(connection.setting("graph_url") or GRAPH_URL),
            authority=Origin.parse(connection.setting("authority_url") or AUTHORITY_URL),
        )


def new_connection(
    directory_id: str,
    client_id: str,
    folder: str = FOLDER,
    graph_url: str | None = None,
    authority_url: str | None = None,
) -> str:
    """Check what was given, and write it as the settings of a connection. Raises `UsageError`."""
    for option, value in (("--directory-id", directory_id), ("--client-id", client_id)):
        if not _NAME.fullmatch(value.strip()):
            raise UsageError(f"{option}: {value!r} is no id; Entra shows it on the application's overview page")
    if not folder.strip() or not folder.isprintable():
        raise UsageError("--folder must be a folder's id, or a well-known name such as inbox")
    graph = Origin.parse(graph_url or GRAPH_URL)
    settings = {
        "directory_id": directory_id.strip(),
        "client_id": client_id.strip(),
        "folder": folder.strip(),
        "graph_url": str(graph),
        "authority_url": str(Origin.parse(authority_url or _AUTHORITIES.get(graph.host, AUTHORITY_URL))),
    }
    return json.dumps(settings)


def new_secret(*, client_secret: str = "", certificate: str = "") -> str:
    """Write a client secret, or a PEM text with private key and certificate, as a secret. Raises `UsageError`."""
    if certificate:
        key_of(certificate)
        return json.dumps({"certificate": certificate})
    if not client_secret.isascii() or not client_secret.isprintable() or " " in client_secret or not client_secret:
        raise UsageError("the client secret must be one word of plain text: the secret's Value, as Entra shows it once")
    return json.dumps({"client_secret": client_secret})


def key_of(pem: str) -> tuple[RSAPrivateKey, Certificate]:
    """Read a private key and its certificate. Raises `UsageError`."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
        certificate = load_pem_x509_certificate(pem.encode())
    except (ValueError, TypeError) as problem:
        raise UsageError(
            "the certificate's file must hold, as PEM, a private key without a password and its certificate"
        ) from problem
    if not isinstance(key, RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise UsageError("the private key must be the certificate's own, and an RSA key")
    return key, certificate
