"""Requests to Graph: with a token, with immutable ids, and with errors of ours."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from maildock.domain.errors import Unauthorized
from maildock.providers.connections import Connection, Connections
from maildock.providers.http import Http, Origin, Request, Stream
from maildock.providers.microsoft.auth import ask_token
from maildock.providers.microsoft.refusals import refusal
from maildock.providers.microsoft.settings import MicrosoftSettings
from maildock.providers.tokens import Tokens

IMMUTABLE = 'IdType="ImmutableId"'
_SUCCESS = range(200, 300)
_NO_TOKEN = 401
_USERS = "/v1.0/users/"
_LARGEST_REFUSAL = 1 << 20


@dataclass(frozen=True, slots=True)
class Graph:
    """Graph as one mailbox's connection sees it."""

    connection: Connection
    settings: MicrosoftSettings
    client: "Client"

    @property
    def origin(self) -> Origin:
        """Where it is; the only place that is asked."""
        return self.settings.graph

    def user(self, below: str) -> str:
        """Give the target of something below the mailbox's user."""
        return f"{_USERS}{key(self.connection.mailbox.address)}/{below}"

    async def ask(self, method: str, target: str, *, prefer: str = "", body: bytes | None = None) -> dict[str, Any]:
        """Make a request, and give the JSON object that answers it; empty where the answer is."""
        async with self.stream(method, target, prefer=prefer, body=body) as stream:
            answer = await stream.whole()
        return answer.json() if answer.body.strip() else {}

    @asynccontextmanager
    async def stream(
        self, method: str, target: str, *, prefer: str = "", body: bytes | None = None
    ) -> AsyncIterator[Stream]:
        """Make a request, and give its answer once its headers are there.

        A token that is refused is renewed once. Raises what `refusal` says, and whatever getting a token raises.
        """
        preferred = f"{IMMUTABLE}, {prefer}" if prefer else IMMUTABLE
        headers = {"Prefer": preferred, "client-request-id": str(uuid.uuid4())}
        if body is not None:
            headers["Content-Type"] = "application/json"
        tokens = self.client.tokens
        for attempt in (1, 2):
            token = await tokens.of(self.connection)
            asked = Request(method, self.origin, target, {**headers, "Authorization": f"Bearer {token}"}, body)
            async with self.client.http.stream(asked) as stream:
                if stream.status in _SUCCESS:
                    yield stream
                    return
                if stream.status != _NO_TOKEN or attempt > 1:
                    raise refusal(await stream.whole(_LARGEST_REFUSAL), below_mailbox=target.startswith(_USERS))
            tokens.refused(self.connection, token)


class Client:
    """Asks Graph; one for all mailboxes."""

    def __init__(self, connections: Connections, http: Http) -> None:
        self._connections = connections
        self.http = http
        self.tokens = Tokens(lambda connection: ask_token(http, connection))

    async def graph(self, tenant: UUID, provider_id: UUID) -> Graph:
        """Give Graph for a mailbox; raises `Unauthorized` where its connection is gone."""
        connection = await self._connections.of(tenant, provider_id)
        if not connection.setting("client_id"):
            raise Unauthorized("the mailbox is not a Microsoft one", "add it again with `maildock providers add`")
        return Graph(connection, MicrosoftSettings.of(connection), self)


def key(value: str) -> str:
    """Write an id or an address as one step of a path."""
    return quote(value, safe="")
