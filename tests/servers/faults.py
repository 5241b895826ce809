"""Faults on demand: the next requests that match go wrong. On the wire that is the same for every vendor."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.servers.replies import Reply

# `cut`, `reset`, `stall`: the body ends too early; `short`: so does its JSON, in an answer that seems whole.
WireKind = Literal["cut", "slow", "stall", "reset", "short", "garbage", "redirect"]
# What a vendor answers, by the kind of fault; it is given the headers of the answer.
Refusals = Mapping[str, Callable[[dict[str, str]], Exception]]


@dataclass
class Fault:
    """What goes wrong `times` times for requests whose "METHOD /path?query" contains `match`.

    `seconds`: how long the silence lasts, or the pause between pieces of a slow body. `after`: bytes of the body that
    get through before it is cut or stalls. `retry_after`: seconds for the header, None for no header.
    """

    match: str
    times: int
    kind: str
    refusals: Refusals
    retry_after: int | None = None
    seconds: float = 0.0
    after: int = 0
    hits: int = 0

    async def refuse(self) -> None:
        """Raise what this fault answers instead of the real answer, if it does."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.kind == "silence":
            await asyncio.sleep(self.seconds)
        if self.kind in self.refusals:
            raise self.refusals[self.kind](headers)

    def replace(self, reply: Reply) -> Reply:
        """Give another answer for the real one, if this fault does that."""
        if self.kind == "garbage":
            return Reply(200, b"<html><body>Our services aren't available right now</body></html>", "text/html")
        if self.kind == "redirect":
            return Reply(302, headers={"Location": "http://127.0.0.1:9/elsewhere"})
        if self.kind == "short":
            return Reply(reply.status, reply.body[: self.after], reply.content_type, reply.headers, reply.streamed)
        return reply


class Faults:
    """The faults that are waiting for their requests."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals
        self._waiting: list[Fault] = []
        self._share = 0.0
        self._kinds: Sequence[str] = ()
        self.stormed = 0

    def add(
        self,
        match: str,
        times: int,
        kind: str,
        *,
        retry_after: int | None = None,
        seconds: float = 0.0,
        after: int = 0,
    ) -> Fault:
        """Wait for matching requests; earlier faults go first."""
        fault = Fault(match, times, kind, self._refusals, retry_after, seconds, after)
        self._waiting.append(fault)
        return fault

    def storm(self, share: float, kinds: Sequence[str]) -> None:
        """Let this share of all answers go wrong, each in one of these ways."""
        self._share, self._kinds = share, kinds

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self._share = 0.0

    def take(self, line: str) -> Fault | None:
        """Find the fault for a request, and count it."""
        for fault in self._waiting:
            if fault.hits < fault.times and fault.match in line:
                fault.hits += 1
                return fault
        if random.random() < self._share:
            self.stormed += 1
            return Fault(line, 1, random.choice(self._kinds), self._refusals, after=random.randrange(500))
        return None
