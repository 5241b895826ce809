"""What is written down of a Gmail mailbox's connection, and how it is checked before that.

The settings are JSON; the secret is JSON too, sealed: a service account, or an OAuth client's secret with a user's
refresh token.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from maildock.domain.errors import UsageError
from maildock.providers.connections import Connection
from maildock.providers.http import Origin

GMAIL_URL = "https://gmail.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
CERTS_URL = "https://www.googleapis.com/oauth2/v3/certs"
LABEL = "INBOX"
CHANGEABLE = ("label", "topic", "push_service_account")
_TOPIC = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")
_NEEDED = ("client_email", "private_key", "private_key_id")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a vendor: its origin, and the path there."""

    origin: Origin
    target: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `https://host[:port]/path`; plain http is for loopback only. Raises `UsageError`."""
        try:
            parts = urlsplit(url.strip())
        except ValueError as problem:
            raise UsageError(f"{url!r} is not an address such as {TOKEN_URL}") from problem
        if parts.query or parts.fragment:
            raise UsageError(f"{url!r} must be an address such as {TOKEN_URL}, without ? and #")
        return cls(Origin.parse(f"{parts.scheme}://{parts.netloc}"), quote(parts.path or "/", safe="/%:@+,;=~$&!*'()"))

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"


@dataclass(frozen=True, slots=True)
class GmailSettings:
    """The settings of one mailbox; `topic` and `push_service_account` are empty where there is no push."""

    label: str
    topic: str
    push_service_account: str
    gmail: Origin
    token: Endpoint
    certs: Endpoint
    client_id: str

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Read them from a connection."""
        return cls(
            label=connection.setting("label") or LABEL,
            topic=connection.setting("topic"),
            push_service_account=connection.setting("push_service_account"),
            gmail=Origin.parse(connection.setting("gmail_url") or GMAIL_URL),
            token=Endpoint.parse(connection.setting("token_url") or TOKEN_URL),
            certs=Endpoint.parse(connection.setting("certs_url") or CERTS_URL),
            client_id=connection.setting("client_id"),
        )


def new_connection(
    label: str, topic: str, push_service_account: str, gmail_url: str, token_url: str, certs_url: str, client_id: str
) -> str:
    """Check what was given, and write it as the settings of a connection; empty is the default. Raises `UsageError`."""
    if topic and not _TOPIC.fullmatch(topic):
        raise UsageError(f"{topic!r} is no topic; write projects/PROJECT/topics/TOPIC")
    if push_service_account and "@" not in push_service_account:
        raise UsageError(f"{push_service_account!r} is no service account; write its address")
    settings = {
        "label": label.strip() or LABEL,
        "topic": topic,
        "push_service_account": push_service_account,
        "gmail_url": str(Origin.parse(gmail_url or GMAIL_URL)),
        "token_url": str(Endpoint.parse(token_url or TOKEN_URL)),
        "certs_url": str(Endpoint.parse(certs_url or CERTS_URL)),
        "client_id": client_id.strip(),
    }
    return json.dumps(settings)


def changed(settings: str, label: str, topic: str, push_service_account: str) -> str:
    """Give a connection's settings with another label and other push; raises `UsageError`."""
    checked = json.loads(new_connection(label, topic, push_service_account, "", "", "", ""))
    return json.dumps({**json.loads(settings), **{name: checked[name] for name in CHANGEABLE}})


def service_account_secret(text: str) -> str:
    """Take what is needed out of a service account's file, and nothing else: no host that it names is ever asked."""
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise UsageError("the service account's file is no JSON; download its key as JSON") from problem
    if not isinstance(content, dict) or content.get("type") != "service_account":
        raise UsageError('the file is no key of a service account: its "type" is not "service_account"')
    account = {name: content.get(name) for name in _NEEDED}
    for name, value in account.items():
        if not isinstance(value, str) or not value:
            raise UsageError(f"the service account's file has no {name}; download its key again")
    private_key(str(account["private_key"]))
    return json.dumps({"service_account": account})


def refresh_token_secret(client_secret: str, refresh_token: str) -> str:
    """Write an OAuth client's secret and a user's refresh token as a connection's secret."""
    secret = {"client_secret": client_secret.strip(), "refresh_token": refresh_token.strip()}
    for name, value in secret.items():
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise UsageError(f"the {name.replace('_', ' ')} must be one word of plain text")
    return json.dumps(secret)


def private_key(pem: str) -> RSAPrivateKey:
    """Read a service account's private key. Raises `UsageError`."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as problem:
        raise UsageError("the service account's private key cannot be read; download its key again") from problem
    if not isinstance(key, RSAPrivateKey):
        raise UsageError("the service account's private key is no RSA key; download its key again")
    return key


def push_address(public_url: str, tenant: UUID, provider_id: UUID) -> str:
    """Give where a mailbox's pushes come; byte for byte also the audience of their tokens."""
    return f"{public_url.rstrip('/')}/webhooks/gmail/{tenant}/{provider_id}"
