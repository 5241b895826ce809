"""Access tokens: asked for with a service account's signature or a user's refresh token.

Service accounts sign for themselves (RFC 7523) and act for the mailbox (domain-wide delegation). Nobody but the
configured address is ever asked.
"""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode

from maildock.domain.errors import MaildockError, Throttled, Unauthorized, Unavailable, UsageError
from maildock.providers.connections import Connection
from maildock.providers.gmail import jwt
from maildock.providers.gmail.settings import GmailSettings, private_key
from maildock.providers.http import Answer, Http, Request, shown
from maildock.providers.retry_after import retry_after
from maildock.providers.tokens import Granted

SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 3600
_USUAL_SECONDS = 3600.0
_TOO_MANY = 429
_BAD_REQUEST, _SERVER_ERROR = 400, 500
_OK = 200
_LARGEST = 1 << 20

_NEW_SECRET = "give it new credentials with `maildock providers secret`"  # noqa: S105 - words
_DELEGATE = (
    f"in the Google admin console, under API controls, domain-wide delegation, allow its client id the scope {SCOPE}"
)
# By OAuth's code and a piece of its description; the first that fits.
_REFUSALS: tuple[tuple[str, str, str, str], ...] = (
    *(("invalid_grant", "email or user id", "Google knows no such mailbox", "check the mailbox's address"),),
    *(("invalid_grant", "timeframe", "Google finds that our clock is wrong", "set this machine's clock"),),
    *(("invalid_grant", "jwt signature", "the service account's key is not valid any more", _NEW_SECRET),),
    *(("invalid_grant", "audience", "this address gives no tokens to service accounts", "check --token-url"),),
    *(("invalid_grant", "account not found", "the service account does not exist any more", _NEW_SECRET),),
    (
        *("invalid_grant", "", "the consent for this mailbox was withdrawn or has expired"),
        f"let its user consent again and {_NEW_SECRET}; a consent screen in testing ends every consent after 7 days",
    ),
    *(("unauthorized_client", "", "the service account may not read this domain's mailboxes", _DELEGATE),),
    *(("access_denied", "", "the service account may not read this mailbox", _DELEGATE),),
    *(("invalid_client", "", "Google does not know the OAuth client, or its secret is wrong", _NEW_SECRET),),
    *(("deleted_client", "", "the OAuth client was deleted", _NEW_SECRET),),
    *(("invalid_scope", "", "the credentials may not read mail", _DELEGATE),),
    *(("admin_policy_enforced", "", "the domain's administrator does not allow this", "ask the administrator"),),
    *(("org_internal", "", "the OAuth client is for another organisation", _NEW_SECRET),),
)


async def ask_token(http: Http, connection: Connection) -> Granted:
    """Ask for a token; raises `Unauthorized` with what to do, or an `OutageError`."""
    settings = GmailSettings.of(connection)
    form = await asyncio.to_thread(_form, connection, settings, int(time.time()))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    request = Request("POST", settings.token.origin, settings.token.target, headers, urlencode(form).encode())
    return _granted(await http.ask(request, _LARGEST))


def _form(connection: Connection, settings: GmailSettings, now: int) -> dict[str, str]:
    secret: dict[str, Any] = json.loads(connection.secret)
    account = secret.get("service_account")
    if not account:
        return {
            "grant_type": "refresh_token",
            "client_id": settings.client_id,
            "client_secret": secret["client_secret"],
            "refresh_token": secret["refresh_token"],
        }
    claims = {
        "iss": account["client_email"],
        "sub": connection.mailbox.address,
        "scope": SCOPE,
        "aud": str(settings.token),
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    try:
        key = private_key(account["private_key"])
    except UsageError as problem:
        raise Unauthorized(str(problem), _NEW_SECRET) from problem
    return {"grant_type": JWT_GRANT, "assertion": jwt.write(claims, key, account["private_key_id"])}


def _granted(answer: Answer) -> Granted:
    if answer.status != _OK:
        raise _refusal(answer)
    content = answer.json()
    token, seconds = content.get("access_token"), content.get("expires_in", _USUAL_SECONDS)
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise Unavailable("Google's answer has no access token in it")
    return Granted(token, float(seconds) if isinstance(seconds, int | float) and seconds > 0 else _USUAL_SECONDS)


def _refusal(answer: Answer) -> MaildockError:
    if answer.status == _TOO_MANY:
        return Throttled("Google asks to wait before it gives out another token", retry_after(answer.headers))
    if not _BAD_REQUEST <= answer.status < _SERVER_ERROR:
        return Unavailable(f"Google gives out no token: status {answer.status}", retry_after(answer.headers))
    content = answer.json()
    code, description = str(content.get("error")), str(content.get("error_description")).lower()
    for known, piece, message, remedy in _REFUSALS:
        if code == known and piece in description:
            return Unauthorized(message, remedy)
    return Unauthorized(f"Google gives no token: {shown(code)}", "check the credentials of this mailbox")
