"""What Gmail's errors mean: the one place where they are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from maildock.domain.errors import MaildockError, NotThere, Refused, Throttled, Unauthorized, Unavailable
from maildock.providers import fields
from maildock.providers.gmail.auth import SCOPE
from maildock.providers.http import Answer, shown
from maildock.providers.retry_after import retry_after

_HOUR = 3600.0
_OK, _BAD_REQUEST, _NO_TOKEN, _NOT_FOUND, _GONE = 200, 400, 401, 404, 410
_TIMEOUT, _TOO_MANY, _SERVER_ERROR = 408, 429, 500

# Seconds to wait where the answer names none.
_WAITS: Mapping[str, float | None] = {
    "userRateLimitExceeded": None,
    "rateLimitExceeded": None,
    "RATE_LIMIT_EXCEEDED": None,
    "quotaExceeded": _HOUR,
    "dailyLimitExceeded": _HOUR,
}
_ENABLE = "enable the Gmail API in the Google Cloud project of the credentials, and wait a few minutes"
_SCOPE = f"allow these credentials the scope {SCOPE}, or let the user consent to it again"
_DELEGATE = f"allow the service account the scope {SCOPE} for this domain (admin console, domain-wide delegation)"
_CLOSED: Mapping[str, tuple[str, str]] = {
    "accessNotConfigured": ("the Gmail API is not enabled", _ENABLE),
    "SERVICE_DISABLED": ("the Gmail API is not enabled", _ENABLE),
    "insufficientPermissions": ("the credentials may not read mail", _SCOPE),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": ("the credentials may not read mail", _SCOPE),
    "domainPolicy": (
        "the domain's administrator has closed Gmail to other programs",
        "ask the administrator to trust this program (admin console, API controls)",
    ),
    "forbidden": ("the credentials may not open this mailbox", _DELEGATE),
    "failedPrecondition": (
        "there is no Gmail for this address",
        "check the mailbox's address, and that its user has a licence for Gmail",
    ),
}


class Stale(Refused):
    """What Gmail gave us to ask on with is no longer valid: the handle of an attachment, or the next page of a list."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What an error's JSON says; empty where it says nothing."""

    reason: str
    message: str


def refusal(answer: Answer) -> MaildockError:
    """Give the error that an answer of any status but 200 means."""
    said, wait = _said(answer), retry_after(answer.headers)
    if answer.status == _TOO_MANY or said.reason in _WAITS:
        return Throttled("Gmail asks to wait", _WAITS.get(said.reason) if wait is None else wait)
    if answer.status == _NO_TOKEN:
        return Unauthorized("Gmail does not take the access token that Google gave us", "check the credentials")
    if answer.status in {_NOT_FOUND, _GONE}:
        return NotThere("Gmail does not find it")
    if said.reason in _CLOSED:
        return Unauthorized(*_CLOSED[said.reason])
    if answer.status == _BAD_REQUEST and "token" in said.message.lower():
        return Stale()
    if _BAD_REQUEST <= answer.status < _SERVER_ERROR and answer.status != _TIMEOUT:
        return Refused(f"Gmail refuses this: {answer.status} {shown(said.reason)}".rstrip())
    return Unavailable(f"Gmail answers with status {answer.status}", wait)


def _said(answer: Answer) -> _Said:
    try:
        error = answer.json().get("error")
    except Unavailable:
        # Proxies in between write HTML.
        return _Said("", "")
    if not isinstance(error, dict):
        return _Said("", "")
    every = [*fields.objects(error, "errors"), *fields.objects(error, "details")]
    reasons = [reason for one in every if (reason := fields.text(one, "reason"))]
    known = [reason for reason in reasons if reason in _WAITS or reason in _CLOSED]
    return _Said((known or reasons or [""])[0], fields.text(error, "message"))
