"""Access tokens of mailboxes, kept while they last; how one is asked for is each vendor's own."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maildock.domain.errors import MaildockError
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
    """A mailbox's token, or why there was none; `made_from` is a digest of what it was asked with."""

    made_from: bytes = b""
    token: str = ""
    good_until: float = 0.0
    failed_at: float = 0.0
    failure: MaildockError | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Tokens:
    """The tokens of all mailboxes of this process; `ask` gets a new one."""

    def __init__(self, ask: Callable[[Connection], Awaitable[Granted]]) -> None:
        self._ask = ask
        self._kept: dict[tuple[UUID, UUID], _Kept] = {}

    async def of(self, connection: Connection) -> str:
        """Give a mailbox's token; whoever comes while one is asked for waits for that one, or its failure."""
        kept = self._entry(connection)
        made_from = hashlib.sha256(repr((connection.secret, connection.settings)).encode()).digest()
        came = time.monotonic()
        async with kept.asking:
            if kept.made_from != made_from:
                kept.made_from, kept.good_until, kept.failure = made_from, 0.0, None
            if time.monotonic() < kept.good_until:
                return kept.token
            if kept.failure is not None and kept.failed_at >= came:
                raise kept.failure
            await self._renew(kept, connection)
            return kept.token

    async def _renew(self, kept: _Kept, connection: Connection) -> None:
        began = time.monotonic()
        try:
            granted = await self._ask(connection)
        except MaildockError as problem:
            kept.failure, kept.failed_at = problem, time.monotonic()
            raise
        kept.token, kept.failure = granted.token, None
        kept.good_until = began + max(granted.seconds - _EARLY_SECONDS, granted.seconds / 2)

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
