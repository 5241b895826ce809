"""Requests to Graph: with a token, with immutable ids, and with errors of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from maildock.domain.errors import Unavailable
from maildock.providers.base import Mailbox
from maildock.providers.connections import Connection, Known, Owned
from maildock.providers.http import LARGEST_ANSWER, Answer, Http, Request, Stream
from maildock.providers.microsoft.auth import ask_token
from maildock.providers.microsoft.calls import Call
from maildock.providers.microsoft.refusals import refusal
from maildock.providers.microsoft.settings import MicrosoftSettings
from maildock.providers.tokens import Tokens

# A move changes every other id.
_IMMUTABLE = 'IdType="ImmutableId"'
_OK, _AFTER_OK, _NO_TOKEN = 200, 300, 401
_LARGEST_REFUSAL = 1 << 20
# Parsing less than this is quicker than a hop to a thread.
_THREAD_FROM = 1 << 18


@dataclass(frozen=True, slots=True)
class Opened:
    """A mailbox's connection with its settings read."""

    connection: Connection
    settings: MicrosoftSettings

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox."""
        return self.connection.mailbox


class Client:
    """Asks Graph; one for all mailboxes."""

    def __init__(self, connections: Known, http: Http) -> None:
        self._connections = connections
        self._http = http
        self._tokens = Tokens(lambda connection: ask_token(http, connection))

    def renew(self, owned: Owned) -> None:
        """Use what the mailbox's connection holds now, and nothing that was remembered of it."""
        self._connections.forget(owned)

    async def opened(self, owned: Owned) -> Opened:
        """Give a mailbox's connection; raises `Unauthorized` where there is none to be used."""
        connection = await self._connections.of(owned)
        return Opened(connection, MicrosoftSettings.of(connection))

    async def token(self, opened: Opened) -> str:
        """Give a token for a mailbox."""
        return await self._tokens.of(opened.connection)

    async def ask(self, opened: Opened, call: Call, most: int = LARGEST_ANSWER) -> dict[str, Any]:
        """Make a call and give the JSON of its answer, empty where it has none; raises as `stream` does."""
        async with self.stream(opened, call) as stream:
            answer = await stream.whole(most)
        if not answer.body:
            return {}
        return answer.json() if len(answer.body) < _THREAD_FROM else await asyncio.to_thread(answer.json)

    @asynccontextmanager
    async def stream(self, opened: Opened, call: Call) -> AsyncIterator[Stream]:
        """Make a call and give its answer once the headers are there; what is no success is raised by `refusal`.

        A token that is refused is renewed once.
        """
        async with AsyncExitStack() as stack:
            token = await self.token(opened)
            stream = await stack.enter_async_context(self._http.stream(_request(opened, call, token)))
            if stream.status == _NO_TOKEN:
                await _refused(stream)
                self._tokens.refused(opened.connection, token)
                token = await self.token(opened)
                stream = await stack.enter_async_context(self._http.stream(_request(opened, call, token)))
            if not _OK <= stream.status < _AFTER_OK:
                if stream.status == _NO_TOKEN:
                    self._tokens.refused(opened.connection, token)
                raise refusal(await _refused(stream), about_mailbox=call.about_mailbox)
            yield stream


async def _refused(stream: Stream) -> Answer:
    try:
        return await stream.whole(_LARGEST_REFUSAL)
    except Unavailable:
        # Its status says enough.
        return Answer(stream.status, stream.headers, b"")


def _request(opened: Opened, call: Call, token: str) -> Request:
    headers = {
        "Authorization": f"Bearer {token}",
        "Prefer": ", ".join((_IMMUTABLE, *call.prefer)),
        "client-request-id": str(uuid4()),
    }
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    return Request(call.method, opened.settings.graph, call.target, headers, call.body)
