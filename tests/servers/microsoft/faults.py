"""The answers with which Graph refuses on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tests.servers.faults import Refusals, WireKind
from tests.servers.microsoft.replies import GraphError, ItemNotFound
from tests.servers.microsoft.throttle import throttled

FaultKind = (
    WireKind
    | Literal["throttled", "error", "bad_gateway", "unavailable", "silence", "not_found", "denied", "unauthorized"]
)

STATUSES: dict[str, tuple[int, str, str]] = {
    "error": (500, "InternalServerError", "An internal server error occurred."),
    "bad_gateway": (502, "UnknownError", "Bad gateway."),
    # "Graph: Throttling. 503 may carry it [Retry-After]; 504 happens".
    "unavailable": (503, "ServiceUnavailable", "The service is unavailable."),
    # "Graph: Size. `$value` on 45-50 MB gave 504 UnknownError after ~30 s".
    "silence": (504, "UnknownError", ""),
    "denied": (403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    "unauthorized": (401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
}


def _refusal(kind: str) -> Callable[[dict[str, str]], Exception]:
    return lambda headers: GraphError(*STATUSES[kind], headers=headers)


REFUSALS: Refusals = {
    **{kind: _refusal(kind) for kind in STATUSES},
    "throttled": throttled,
    "not_found": lambda _: ItemNotFound(),
}
