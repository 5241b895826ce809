"""Pushes: whether one is really Google's and meant for us, and what it says.

The signature is checked here, without asking anybody; the keys for that come from `certificates`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from maildock.domain.errors import MaildockError
from maildock.providers.gmail import jwt
from maildock.providers.http import shown

LEEWAY_SECONDS = 60
_ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})


class BadToken(MaildockError):
    """The push is not from Google, or not for this mailbox."""

    def __init__(self, reason: str) -> None:
        """Say what was expected and what came."""
        super().__init__(f"the push is refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PushedNotice:
    """A push's content: something happened in the mailbox of this address."""

    email_address: str
    history_id: str


def bearer(authorization_header: str) -> str:
    """Take the token out of a header. Raises `BadToken`."""
    scheme, _, token = authorization_header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadToken("it has no bearer token; let the subscription authenticate with a service account")
    return token.strip()


def key_id_of(token: str) -> str:
    """Say which key a token claims to be signed with. Raises `BadToken`."""
    return _parsed(token).key_id


def verify(token: str, keys: Mapping[str, RSAPublicKey], audience: str, service_account: str, now: datetime) -> None:
    """Raise `BadToken` unless Google signed this token for `service_account`, for `audience`, and not long ago."""
    if not service_account:
        raise BadToken("no push service account is set for this mailbox, so nobody may push")
    parsed = _parsed(token)
    key = keys.get(parsed.key_id)
    if parsed.algorithm != "RS256":
        raise BadToken(f"its token is signed with {shown(parsed.algorithm)}, not with RS256")
    if key is None or not parsed.is_signed_by(key):
        raise BadToken("its token is not signed by Google")
    claims = parsed.claims
    if claims.get("iss") not in _ISSUERS:
        raise BadToken(f"its token's issuer is {shown(claims.get('iss'))}, not https://accounts.google.com")
    if claims.get("aud") != audience:
        raise BadToken(f"its token's audience is {shown(claims.get('aud'))}; expected {audience}")
    _check_times(claims, now.timestamp())
    if str(claims.get("email")).casefold() != service_account.casefold():
        raise BadToken("its token's service account is not the one that is set for this mailbox")
    if claims.get("email_verified") is not True:
        raise BadToken("its token's service account is not verified")


def parse(body: bytes) -> PushedNotice:
    """Read a push. Raises `BadToken`."""
    try:
        content: Any = json.loads(body)
        told: Any = json.loads(jwt.decoded(content["message"]["data"]))
        address, history_id = told["emailAddress"], str(told["historyId"])
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
        raise BadToken("it says nothing of a mailbox; is this Gmail's topic?") from problem
    if not isinstance(address, str) or not history_id.isdecimal():
        raise BadToken("it says nothing of a mailbox; is this Gmail's topic?")
    return PushedNotice(address, history_id)


def _parsed(token: str) -> jwt.Parsed:
    try:
        return jwt.parse(token)
    except jwt.NotAToken as problem:
        raise BadToken(str(problem)) from problem


def _check_times(claims: Mapping[str, object], now: float) -> None:
    expires, issued = claims.get("exp"), claims.get("iat")
    # A bool is an int to Python.
    if type(expires) is not int or type(issued) is not int:
        raise BadToken("its token does not say from when and until when it holds")
    if now >= expires + LEEWAY_SECONDS:
        raise BadToken("its token has expired; is this machine's clock right?")
    if now < issued - LEEWAY_SECONDS:
        raise BadToken("its token is from the future; is this machine's clock right?")
