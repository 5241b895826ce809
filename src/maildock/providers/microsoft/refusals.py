"""What Graph's errors mean: the one place where they are told apart, by status and code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maildock.domain.errors import Gone, MaildockError, NotThere, Refused, Throttled, Unauthorized, Unavailable
from maildock.providers.http import Answer, shown
from maildock.providers.retry_after import retry_after

_REDIRECTED, _BAD_REQUEST, _NO_TOKEN, _FORBIDDEN, _NOT_FOUND, _GONE = 300, 400, 401, 403, 404, 410
_TIMED_OUT, _TOO_MANY, _SERVER_ERROR, _GATEWAY_TIMEOUT = 408, 429, 500, 504
_ADDRESS = re.compile(r"[^\s'\"<>()@]{0,64}@[^\s'\"<>()@]{0,255}")

_GRANT = (
    "let an administrator grant the application the permission Mail.Read (application) and consent to it, and see that"
    " no application access policy of Exchange leaves this mailbox out"
)
_LICENCE = "see that the mailbox's address is right, and that it is a mailbox in Exchange Online with a licence"
_CREDENTIALS = "check the mailbox's credentials, and that its addresses of Graph and of the login belong to one cloud"
# Of the mailbox as a whole, whatever the status.
_CLOSED: Mapping[str, tuple[str, str]] = {
    "errorinvaliduser": ("there is no such mailbox", _LICENCE),
    "errornonexistentmailbox": ("there is no such mailbox", _LICENCE),
    "request_resourcenotfound": ("there is no such mailbox", _LICENCE),
    "mailboxnotenabledforrestapi": ("the mailbox is not in Exchange Online, or has no licence", _LICENCE),
    "mailboxnotsupportedforrestapi": ("the mailbox is of a kind that Graph cannot read", _LICENCE),
    "mailboxnothostedinexchangeonline": ("the mailbox is not in Exchange Online", _LICENCE),
    "erroraccountsuspend": ("the mailbox is suspended", "unlock the mailbox's account"),
    "erroraccessdenied": ("the application may not read this mailbox", _GRANT),
    "authorization_requestdenied": ("the application may not read this mailbox", _GRANT),
}
_PASSING = frozenset(
    {
        "errorserverbusy",
        "errormailboxstoreunavailable",
        "errormailboxmoveinprogress",
        "errortimeoutexpired",
        "errorinternalservertransienterror",
        "errorconnectionfailed",
        "errortoomanyobjectsopened",
        "servicenotavailable",
        "serviceunavailable",
    }
)
_THROTTLED = frozenset(
    {"applicationthrottled", "errorexceededconnectioncount", "toomanyrequests", "activitylimitreached"}
)
_SYNC_LOST = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})


class SyncLost(Gone):
    """Where the last look ended is no longer known there."""


class GatewayTimeout(Unavailable):
    """The answer took Graph itself too long."""


@dataclass(frozen=True, slots=True)
class _Said:
    code: str
    message: str
    request_id: str


def refusal(answer: Answer, *, about_mailbox: bool) -> MaildockError:
    """Give the error that an answer means; `about_mailbox`: a mailbox was asked, or what is in it."""
    said, wait = _said(answer), retry_after(answer.headers)
    code, text = said.code.lower(), _text(answer.status, said)
    if answer.status == _TOO_MANY or code in _THROTTLED:
        return Throttled(text, wait)
    if answer.status == _GATEWAY_TIMEOUT:
        return GatewayTimeout(text, wait)
    if answer.status >= _SERVER_ERROR or answer.status == _TIMED_OUT or code in _PASSING:
        return Unavailable(text, wait)
    if answer.status < _BAD_REQUEST:
        kind = "a redirect, which is not followed" if answer.status >= _REDIRECTED else "something unexpected"
        return Unavailable(f"Graph answers with {kind} (status {answer.status})")
    if answer.status == _GONE or code in _SYNC_LOST:
        return SyncLost(text)
    return _lasting(answer.status, code, text, about_mailbox=about_mailbox)


def _lasting(status: int, code: str, text: str, *, about_mailbox: bool) -> MaildockError:
    if code in _CLOSED:
        message, remedy = _CLOSED[code]
        return Unauthorized(f"{message}: {text}", remedy)
    # So it is written for a mailbox that is not there, and elsewhere for whatever else is not.
    if about_mailbox and code == "resourcenotfound":
        return Unauthorized(f"there is no such mailbox: {text}", _LICENCE)
    if status == _NO_TOKEN:
        return Unauthorized(f"Graph does not take the token that Microsoft gave us: {text}", _CREDENTIALS)
    if status == _FORBIDDEN:
        return Unauthorized(text, _GRANT)
    return NotThere(text) if status == _NOT_FOUND else Refused(text)


def _said(answer: Answer) -> _Said:
    try:
        content: Any = answer.json().get("error")
    except Unavailable:
        # A proxy's own page, most likely.
        content = None
    error: dict[str, Any] = content if isinstance(content, dict) else {}
    inner: Any = error.get("innerError") or error.get("innererror")
    request_id = inner.get("request-id") if isinstance(inner, dict) else None
    return _Said(
        code=str(error.get("code") or ""),
        message=str(error.get("message") or ""),
        request_id=str(request_id or answer.headers.get("request-id", "")),
    )


def _text(status: int, said: _Said) -> str:
    """Write what Graph said on one line, without addresses."""
    code = f" {shown(said.code)}" if said.code else ""
    message = f": {_ADDRESS.sub('…', shown(said.message))}" if said.message else ""
    request = f" (request-id {shown(said.request_id)})" if said.request_id else ""
    return f"Graph answers {status}{code}{message}{request}"
