"""Asking for access tokens by client credentials (RFC 6749, 4.4), with a secret or a certificate.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from maildock.domain.errors import Unauthorized, Unavailable, UsageError
from maildock.providers.connections import Connection
from maildock.providers.http import Answer, Http, Request
from maildock.providers.microsoft.certificate import Certificate
from maildock.providers.microsoft.logins import login_refusal
from maildock.providers.microsoft.settings import MicrosoftSettings
from maildock.providers.tokens import Granted

_OK = 200
_LARGEST = 1 << 20
_USUAL_SECONDS = 3600.0
_SIGNED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def ask_token(http: Http, connection: Connection) -> Granted:
    """Ask for a mailbox's token; raises `Unauthorized`, `Throttled` or `Unavailable` where there is none."""
    settings = MicrosoftSettings.of(connection)
    target = f"/{quote(settings.directory_id, safe='')}/oauth2/v2.0/token"
    audience = f"{settings.authority}{target}"
    form = await asyncio.to_thread(_form, connection.secret, settings, audience, int(time.time()))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    body = urlencode(form).encode()
    return _granted(await http.ask(Request("POST", settings.authority, target, headers, body), _LARGEST))


def _form(secret: str, settings: MicrosoftSettings, audience: str, now: int) -> dict[str, str]:
    form = {
        "client_id": settings.client_id,
        "scope": f"{settings.graph}/.default",
        "grant_type": "client_credentials",
    }
    return form | _proof(json.loads(secret), settings.client_id, audience, now)


def _proof(secret: Mapping[str, str], client_id: str, audience: str, now: int) -> dict[str, str]:
    if "certificate" not in secret:
        return {"client_secret": secret.get("client_secret", "")}
    try:
        certificate = Certificate.parse(secret["certificate"])
    except UsageError as problem:
        raise Unauthorized(str(problem), "enter another with `maildock providers secret`") from problem
    return {
        "client_assertion_type": _SIGNED,
        "client_assertion": certificate.assertion(client_id, audience, now),
    }


def _granted(answer: Answer) -> Granted:
    if answer.status != _OK:
        raise login_refusal(answer)
    content: dict[str, Any] = answer.json()
    token = content.get("access_token")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise Unavailable("Microsoft's answer has no access token in it")
    return Granted(token, _seconds(content.get("expires_in")))


def _seconds(said: object) -> float:
    # Older endpoints write the number as a string.
    seconds = int(said) if isinstance(said, int) or (isinstance(said, str) and said.isdecimal()) else 0
    return float(seconds) if seconds > 0 else _USUAL_SECONDS
