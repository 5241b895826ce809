"""Tokens by client credentials, with a secret or a certificate.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import asyncio
import base64
import json
import time
import uuid
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from maildock.domain.errors import MaildockError, Throttled, Unauthorized, Unavailable, UsageError
from maildock.providers.connections import Connection
from maildock.providers.http import Answer, Http, Request, shown
from maildock.providers.microsoft.settings import MicrosoftSettings, key_of
from maildock.providers.retry_after import retry_after
from maildock.providers.tokens import Granted

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 600
_OK, _BAD_REQUEST, _TOO_MANY, _SERVER_ERROR = 200, 400, 429, 500
_LARGEST = 1 << 20

_RENEW = "make a new client secret in Entra, then `maildock providers secret`"
_CONSENT = "grant admin consent for the application permission Mail.Read"
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_REFUSALS: dict[int, tuple[str, str]] = {
    7000215: ("the client secret is wrong", f"enter the secret's Value, not its ID; or {_RENEW}"),
    7000222: ("the client secret has expired", _RENEW),
    700016: ("the directory does not know the application", "check the client id and the directory id"),
    700027: ("the directory does not know the certificate", "upload the certificate to the application in Entra"),
    7000112: ("the application is disabled", "enable it in Entra"),
    7000229: ("the application has no service principal in the directory", _CONSENT),
    90002: ("there is no such directory", "check the directory id and the authority's URL"),
    900023: ("there is no such directory", "check the directory id"),
    65001: ("nobody has consented to the application", _CONSENT),
    500011: ("the directory does not know this Graph", "check the Graph and the authority URL: are they of one cloud?"),
    70011: ("this Graph is not one that the authority gives tokens for", "check the Graph and the authority URL"),
    53003: ("a conditional access policy blocks the application", "let the policy except it"),
}


async def ask_token(http: Http, connection: Connection) -> Granted:
    """Ask for a token; raises `Unauthorized` with what to do, or an `OutageError`."""
    settings = MicrosoftSettings.of(connection)
    form = await asyncio.to_thread(_form, connection, settings)
    target = f"/{quote(settings.directory_id, safe='')}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    answer = await http.ask(Request("POST", settings.authority, target, headers, urlencode(form).encode()), _LARGEST)
    if answer.status != _OK:
        raise _refusal(answer)
    content = answer.json()
    token, seconds = content.get("access_token"), content.get("expires_in")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise Unavailable("the authority's answer has no access token in it")
    return Granted(token, float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 3600.0)


def _form(connection: Connection, settings: MicrosoftSettings) -> dict[str, str]:
    form = {
        "client_id": settings.client_id,
        "scope": f"{settings.graph}/.default",
        "grant_type": "client_credentials",
    }
    secret: dict[str, str] = json.loads(connection.secret)
    if "certificate" not in secret:
        return {**form, "client_secret": secret["client_secret"]}
    audience = f"{settings.authority}/{settings.directory_id}/oauth2/v2.0/token"
    assertion = client_assertion(secret["certificate"], settings.client_id, audience, int(time.time()))
    return {**form, "client_assertion_type": _ASSERTION, "client_assertion": assertion}


def client_assertion(pem: str, client_id: str, audience: str, now: int) -> str:
    """Write a signed proof that we hold the certificate's key (RFC 7523, 3), good for ten minutes.

    https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """
    try:
        key, certificate = key_of(pem)
    except UsageError as problem:
        raise Unauthorized(str(problem), "maildock providers secret --certificate-file") from problem
    header = {"alg": "PS256", "typ": "JWT", "x5t#S256": _encoded(certificate.fingerprint(SHA256()))}
    claims = {"aud": audience, "iss": client_id, "sub": client_id, "jti": str(uuid.uuid4()), "nbf": now, "iat": now}
    claims |= {"exp": now + _ASSERTION_SECONDS}
    signed = f"{_encoded(_json(header))}.{_encoded(_json(claims))}"
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    return f"{signed}.{_encoded(key.sign(signed.encode(), pss, SHA256()))}"


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _refusal(answer: Answer) -> MaildockError:
    if answer.status == _TOO_MANY:
        return Throttled("the authority asks to wait", retry_after(answer.headers))
    if not _BAD_REQUEST <= answer.status < _SERVER_ERROR:
        return Unavailable(f"the authority gives out no token: status {answer.status}", retry_after(answer.headers))
    content = answer.json()
    numbers: Any = content.get("error_codes")
    for number in numbers if isinstance(numbers, list) else ():
        if number in _REFUSALS:
            message, remedy = _REFUSALS[number]
            return Unauthorized(f"{message} (AADSTS{number})", remedy)
    said = f"{shown(content.get('error'))}, {shown(numbers)}"
    return Unauthorized(f"the authority gives no token: {said}", "check the application in Entra")
