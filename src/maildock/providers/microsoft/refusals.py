"""What Graph means by an error: the one place that says so.

https://learn.microsoft.com/graph/errors
"""

from maildock.domain.errors import Corrupt, MaildockError, NotThere, Refused, Throttled, Unauthorized, Unavailable
from maildock.providers.http import Answer, shown
from maildock.providers.retry_after import retry_after

_CONSENT = (
    "grant admin consent for the application permission Mail.Read, and see whether an access policy leaves this mailbox"
    " out"
)
_MAILBOX = "see whether the mailbox exists, is licensed, and is written right"
# Of these the mailbox as a whole is closed to us, whatever the status.
_CLOSED = {
    "ErrorInvalidUser": ("the directory does not know the mailbox", _MAILBOX),
    "Request_ResourceNotFound": ("the directory does not know the mailbox", _MAILBOX),
    "ResourceNotFound": ("the directory does not know the mailbox", _MAILBOX),
    "MailboxNotEnabledForRESTAPI": ("the mailbox is inactive, soft-deleted, or hosted on-premise", _MAILBOX),
    "MailboxNotSupportedForRESTAPI": ("the mailbox cannot be read through Graph", _MAILBOX),
    "ErrorNonExistentMailbox": ("the mailbox does not exist", _MAILBOX),
    "ErrorAccessDenied": ("access to the mailbox is denied", _CONSENT),
    "Authorization_RequestDenied": ("the application may not read mail", _CONSENT),
}
_LOST = frozenset({"syncstatenotfound", "resyncrequired", "syncstateinvalid"})
_NOT_THERE, _UNAUTHORIZED, _FORBIDDEN, _GONE, _TOO_MANY, _TIMED_OUT = 404, 401, 403, 410, 429, 504
_BAD_REQUEST, _SERVER_ERROR = 400, 500


class TimedOut(Unavailable):
    """Graph gave up on its own answer, as it does with large ones."""


class LostSync(MaildockError):
    """Graph no longer knows where we stood."""


def refusal(answer: Answer, *, below_mailbox: bool = True) -> MaildockError:
    """Turn an answer that is no success into an error, with Graph's code and request id in its words.

    What was asked for lies `below_mailbox`, or beside all mailboxes, as subscriptions do.
    """
    code, said = _said(answer)
    wait = retry_after(answer.headers)
    if answer.status == _TOO_MANY:
        return Throttled(f"Graph asks to wait ({said})", wait)
    if code.lower() in _LOST or answer.status == _GONE:
        return LostSync(f"Graph has lost our place in the mailbox ({said})")
    if code in _CLOSED and (below_mailbox or answer.status != _NOT_THERE):
        message, remedy = _CLOSED[code]
        return Unauthorized(f"{message} ({said})", remedy)
    if answer.status == _NOT_THERE:
        return NotThere(f"Graph does not find it ({said})")
    if answer.status in {_UNAUTHORIZED, _FORBIDDEN}:
        return Unauthorized(f"Graph refuses access ({said})", _CONSENT)
    if answer.status == _TIMED_OUT:
        return TimedOut(f"Graph timed out ({said})", wait)
    if _BAD_REQUEST <= answer.status < _SERVER_ERROR:
        return Refused(f"Graph refuses the request ({said})")
    return Unavailable(f"Graph fails ({said})", wait)


def unsound(what: str) -> Corrupt:
    """Say that an answer is not what Graph documents."""
    return Corrupt(f"Graph's answer has no usable {what}")


def _said(answer: Answer) -> tuple[str, str]:
    try:
        error = answer.json().get("error")
    except Unavailable:
        error = None
    found = error if isinstance(error, dict) else {}
    inner = found.get("innerError") or found.get("innererror")
    request_id = (inner if isinstance(inner, dict) else {}).get("request-id") or answer.headers.get("request-id")
    code = found.get("code")
    code = code if isinstance(code, str) else ""
    facts = [f"status {answer.status}"]
    facts += [shown(code)] if code else []
    facts += [f"request-id {shown(request_id)}"] if request_id else []
    return code, ", ".join(facts)
