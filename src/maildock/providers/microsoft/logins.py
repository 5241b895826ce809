"""What the authority's refusals mean, by their AADSTS number: the one place where they are told apart."""

import re
from collections.abc import Mapping
from typing import Any

from maildock.domain.errors import MaildockError, Throttled, Unauthorized, Unavailable
from maildock.providers.http import Answer, shown
from maildock.providers.retry_after import retry_after

_BAD_REQUEST, _TOO_MANY, _SERVER_ERROR = 400, 429, 500
_NUMBER = re.compile(r"AADSTS(\d{1,12})")
_PASSING = frozenset({50196, 90033, 90055, 90056})

_NEW_SECRET = "make a new client secret for the application and enter it with `maildock providers secret`"  # noqa: S105 - words
_CONSENT = "let an administrator grant the application the permission Mail.Read (application) and consent to it"
_IDS = "compare the client id and the directory id with the application's overview page in the Entra admin center"
_CERTIFICATE = "upload the certificate to the application, or enter another with `maildock providers secret`"
_REFUSALS: Mapping[int, tuple[str, str]] = {
    7000222: ("the client secret has expired", _NEW_SECRET),
    7000215: ("the client secret is wrong", f"enter the secret's value, not its id; or {_NEW_SECRET}"),
    7000216: ("a client secret or a certificate is missing", _NEW_SECRET),
    7000218: ("a client secret or a certificate is missing", _NEW_SECRET),
    7000112: ("the application is disabled", "enable the application in the Entra admin center"),
    7000229: ("the application is not in this directory", _CONSENT),
    700016: ("the directory does not know the application", _IDS),
    700027: ("the certificate is not one of the application's", _CERTIFICATE),
    700024: ("our clock is wrong", "set this machine's clock"),
    700023: ("the authority is another than the certificate was used for", "check --authority-url"),
    90002: ("there is no such directory", _IDS),
    900023: ("there is no such directory", _IDS),
    90038: ("the directory is in another cloud", "check --graph-url and --authority-url"),
    65001: ("nobody has consented to what the application wants", _CONSENT),
    500011: ("Graph is not known at this authority", "check --graph-url and --authority-url, and the consent"),
    70011: ("the authority does not know this Graph", "check --graph-url and --authority-url"),
    50034: ("the directory does not know the application's account", _IDS),
    53003: ("a conditional access policy forbids this", "let an administrator except the application from it"),
    530036: ("a conditional access policy forbids this", "let an administrator except the application from it"),
    50049: ("the authority is not known", "check --authority-url"),
}


def login_refusal(answer: Answer) -> MaildockError:
    """Give the error that an answer without a token means."""
    wait = retry_after(answer.headers)
    if answer.status == _TOO_MANY:
        return Throttled("Microsoft asks to wait before it gives out another token", wait)
    if not _BAD_REQUEST <= answer.status < _SERVER_ERROR:
        return Unavailable(f"Microsoft gives out no token: status {answer.status}", wait)
    content = answer.json()
    number = _number(content)
    if number in _PASSING:
        return Unavailable(f"Microsoft gives out no token just now (AADSTS{number})", wait)
    if number in _REFUSALS:
        message, remedy = _REFUSALS[number]
        return Unauthorized(f"{message} (AADSTS{number})", remedy)
    said = f"AADSTS{number}" if number else shown(content.get("error") or answer.status)
    return Unauthorized(f"Microsoft gives no token: {said}", f"look up {said}, and check the application's credentials")


def _number(content: Mapping[str, Any]) -> int:
    codes = content.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return codes[0]
    found = _NUMBER.search(str(content.get("error_description")))
    return int(found[1]) if found else 0
