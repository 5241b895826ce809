"""Access tokens of mailboxes, kept while they last; how one is asked for is each vendor's own."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maildock.providers.connections import Connection

if TYPE_CHECKING:
    from uuid import UUID

# A token is not used when it would run out on the way.
_EARLY_SECONDS = 300.0
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, and for how many seconds it is good."""

    token: str
    seconds: float


@dataclass
class _Kept:
    made_from: bytes = b""
    token: str = ""
    good_until: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Tokens:
    """The tokens of all mailboxes of this process; `ask` gets a new one."""

    def __init__(self, ask: Callable[[Connection], Awaitable[Granted]]) -> None:
        self._ask = ask
        self._kept: dict[tuple[UUID, UUID], _Kept] = {}

    async def of(self, connection: Connection) -> str:
        """Give a mailbox's token; whoever comes while one is asked for waits for that one."""
        kept = self._entry(connection)
        made_from = hashlib.sha256(repr((connection.secret, connection.settings)).encode()).digest()
        async with kept.asking:
            if kept.made_from != made_from or time.monotonic() >= kept.good_until:
                began = time.monotonic()
                granted = await self._ask(connection)
                kept.token, kept.made_from = granted.token, made_from
                kept.good_until = began + max(granted.seconds - _EARLY_SECONDS, granted.seconds / 2)
            return kept.token

    def refused(self, connection: Connection, token: str) -> None:
        """Use this token no longer."""
        kept = self._entry(connection)
        if kept.token == token:
            kept.good_until = 0.0

    def _entry(self, connection: Connection) -> _Kept:
        mailbox = connection.mailbox
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        return self._kept.setdefault((mailbox.tenant, mailbox.provider_id), _Kept())
