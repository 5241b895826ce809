"""Requests to Gmail: with a token, within the quota, and with errors of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from maildock.domain.errors import Unauthorized, Unavailable
from maildock.providers.connections import Connection, Known, Owned
from maildock.providers.gmail.auth import ask_token
from maildock.providers.gmail.calls import Call
from maildock.providers.gmail.quota import Quota
from maildock.providers.gmail.refusals import refusal
from maildock.providers.gmail.settings import GmailSettings
from maildock.providers.http import Http, Request, Stream
from maildock.providers.tokens import Tokens

_OK, _NO_TOKEN = 200, 401
_LARGEST_REFUSAL = 1 << 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A mailbox's connection with its settings read."""

    connection: Connection
    settings: GmailSettings


class Client:
    """Asks Gmail; one for all mailboxes."""

    def __init__(self, connections: Known, http: Http) -> None:
        self._connections = connections
        self._http = http
        self._tokens = Tokens(partial(ask_token, http))
        self._quota = Quota()

    def renew(self, owned: Owned) -> None:
        """Use what the mailbox's connection holds now, and nothing that was remembered of it."""
        self._connections.forget(owned)

    async def opened(self, owned: Owned) -> Opened:
        """Give a mailbox's connection."""
        connection = await self._connections.of(owned)
        return Opened(connection, GmailSettings.of(connection))

    async def token(self, owned: Owned) -> str:
        """Give a token for a mailbox."""
        opened = await self.opened(owned)
        return await self._tokens.of(opened.connection)

    async def ask(self, owned: Owned, call: Call) -> dict[str, Any]:
        """Make a call and give what its answer holds."""
        async with self.stream(owned, call) as stream:
            answer = await stream.whole()
        return answer.json() if answer.body.strip() else {}

    @asynccontextmanager
    async def stream(self, owned: Owned, call: Call) -> AsyncIterator[Stream]:
        """Make a call and give its answer, which is JSON, once its headers are there.

        A token that is refused is renewed once. Raises what `refusal` says, and `Unauthorized` as the tokens do.
        """
        opened = await self.opened(owned)
        token = await self._tokens.of(opened.connection)
        try:
            async with self._answered(opened, call, token) as stream:
                yield stream
                return
        except _TokenRefused:
            self._tokens.refused(opened.connection, token)
        token = await self._tokens.of(opened.connection)
        try:
            async with self._answered(opened, call, token) as stream:
                yield stream
        except _TokenRefused as problem:
            self._tokens.refused(opened.connection, token)
            raise Unauthorized(
                "Gmail does not take the access token that Google gave us", "check the mailbox's credentials"
            ) from problem

    @asynccontextmanager
    async def _answered(self, opened: Opened, call: Call, token: str) -> AsyncIterator[Stream]:
        mailbox = opened.connection.mailbox
        await self._quota.spend(mailbox.tenant, mailbox.provider_id, call.units)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if call.body:
            headers["Content-Type"] = "application/json"
        user = call.user or quote(mailbox.address, safe="@")
        target = f"/gmail/v1/users/{user}/{call.path}"
        async with self._http.stream(Request(call.method, opened.settings.gmail, target, headers, call.body)) as stream:
            if stream.status == _NO_TOKEN:
                raise _TokenRefused
            # Google answers 204 to `stop`.
            if not _OK <= stream.status < _OK + 100:
                raise refusal(await stream.whole(_LARGEST_REFUSAL))
            if stream.status == _OK and "json" not in stream.headers.get("content-type", ""):
                raise Unavailable("Gmail's answer is something else than JSON")
            yield stream


class _TokenRefused(Exception):
    """The answer was 401."""
