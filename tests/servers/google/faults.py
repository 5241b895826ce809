"""The answers with which Gmail refuses on demand ("Gmail: Limits")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tests.servers.faults import Refusals, WireKind
from tests.servers.google.replies import GoogleError, NotFound, Unauthenticated

Answered = Literal[
    "throttled", "user_rate", "rate", "daily",
    "insufficient", "not_configured", "domain_policy", "denied", "no_mail",
    "bad_token", "not_found", "unauthorized",
    "error", "bad_gateway", "unavailable", "silence",
]  # fmt: skip
FaultKind = WireKind | Answered

# Code, reason, domain, status and message; an empty status is left out.
ANSWERS: dict[str, tuple[int, str, str, str, str]] = {
    "throttled": (
        *(429, "rateLimitExceeded", "global", "RESOURCE_EXHAUSTED"),
        "Too many concurrent requests for user",
    ),
    "user_rate": (403, "userRateLimitExceeded", "usageLimits", "", "User Rate Limit Exceeded"),
    "rate": (403, "rateLimitExceeded", "usageLimits", "", "Rate Limit Exceeded"),
    "daily": (403, "dailyLimitExceeded", "usageLimits", "", "Daily Limit Exceeded"),
    "insufficient": (
        *(403, "insufficientPermissions", "global", "PERMISSION_DENIED"),
        "Request had insufficient authentication scopes.",
    ),
    "not_configured": (
        *(403, "accessNotConfigured", "usageLimits", "PERMISSION_DENIED"),
        "Gmail API has not been used in project 1 before or it is disabled.",
    ),
    "domain_policy": (403, "domainPolicy", "global", "", "The domain administrators have disabled Gmail apps."),
    "denied": (403, "forbidden", "global", "PERMISSION_DENIED", "Delegation denied for the user."),
    "no_mail": (400, "failedPrecondition", "global", "FAILED_PRECONDITION", "Mail service not enabled"),
    "bad_token": (400, "invalidArgument", "global", "INVALID_ARGUMENT", "Invalid attachment token"),
    "error": (500, "backendError", "global", "INTERNAL", "Internal error encountered."),
    "bad_gateway": (502, "backendError", "global", "", "Bad Gateway"),
    "unavailable": (503, "backendError", "global", "UNAVAILABLE", "The service is currently unavailable."),
    "silence": (
        504,
        "backendError",
        "global",
        "DEADLINE_EXCEEDED",
        "Deadline expired.",
    ),
}


def refused(kind: str, headers: dict[str, str] | None = None) -> GoogleError:
    """Make the vendor's refusal of this kind."""
    code, reason, domain, status, message = ANSWERS[kind]
    return GoogleError(code, reason, message, domain=domain, status=status, headers=headers)


def _refusal(kind: str) -> Callable[[dict[str, str]], Exception]:
    return lambda headers: refused(kind, headers)


REFUSALS: Refusals = {
    **{kind: _refusal(kind) for kind in ANSWERS},
    "not_found": lambda _: NotFound(),
    "unauthorized": Unauthenticated,
}
