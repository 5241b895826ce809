"""Faults on demand: the next requests that match go wrong in one of the ways that Graph's do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from tests.servers.microsoft.replies import GraphError, ItemNotFound, Reply
from tests.servers.microsoft.throttle import throttled

FaultKind = Literal[
    "throttled", "error", "bad_gateway", "unavailable", "silence",
    "not_found", "denied", "unauthorized",
    "cut", "slow", "stall", "reset", "garbage", "redirect",
]  # fmt: skip

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


@dataclass
class Fault:
    """What goes wrong `times` times for requests whose "METHOD /path?query" contains `match`.

    `seconds`: how long the silence lasts, or the pause between pieces of a slow body. `after`: bytes of the body that
    get through before it is cut or stalls. `retry_after`: seconds for the header, None for no header.
    """

    match: str
    times: int
    kind: FaultKind
    retry_after: int | None = None
    seconds: float = 0.0
    after: int = 0
    hits: int = 0

    async def refuse(self) -> None:
        """Raise what this fault answers instead of the real answer, if it does."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.kind == "silence":
            await asyncio.sleep(self.seconds)
        if self.kind == "throttled":
            raise throttled(headers)
        if self.kind == "not_found":
            raise ItemNotFound
        if self.kind in STATUSES:
            raise GraphError(*STATUSES[self.kind], headers=headers)

    def replace(self, reply: Reply) -> Reply:
        """Give another answer for the real one, if this fault does that."""
        if self.kind == "garbage":
            return Reply(200, b"<html><body>Our services aren't available right now</body></html>", "text/html")
        if self.kind == "redirect":
            return Reply(302, headers={"Location": "http://127.0.0.1:9/elsewhere"})
        return reply


class Faults:
    """The faults that are waiting for their requests."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Wait for matching requests; earlier faults go first."""
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()

    def take(self, line: str) -> Fault | None:
        """Find the fault for a request, and count it."""
        for fault in self._waiting:
            if fault.hits < fault.times and fault.match in line:
                fault.hits += 1
                return fault
        return None
