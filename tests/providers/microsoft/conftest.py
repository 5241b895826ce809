"""A mailbox of a tenant, connected to the local Graph."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from maildock.access.sealing import Sealer
from maildock.domain.message import InboundMessage, Part
from maildock.flow.context import Context
from maildock.providers.base import Arrival, AttachmentRef, EmailRef, Mailbox
from maildock.providers.connections import Connections
from maildock.providers.http import Http
from maildock.providers.microsoft import settings
from maildock.providers.microsoft.provider import MicrosoftProvider
from maildock.tables import email_providers, mailbox_connections
from maildock.tables.session import Database
from maildock.tables.tenants import Tenant
from tests.servers.graph import GraphServer
from tests.servers.microsoft.mailbox import GraphMailbox, GraphMessage

ADDRESS = "desk@shop.example"
SINCE = datetime.now(UTC) - timedelta(days=30)
LARGEST_MESSAGE = 64 << 20


@dataclass(frozen=True)
class Desk:
    """A provider, and the mailbox that it is connected to."""

    provider: MicrosoftProvider
    mailbox: Mailbox
    graph: GraphServer
    inbox: GraphMailbox
    database: Database

    def email(self, message: GraphMessage) -> EmailRef:
        return EmailRef(self.mailbox.tenant, self.mailbox.provider_id, message.immutable_id)

    async def fetch(self, message: GraphMessage) -> InboundMessage:
        return await self.provider.fetch(self.email(message))

    async def part(self, message: GraphMessage) -> Part:
        """Give the only part of a message."""
        (part,) = (await self.fetch(message)).parts
        return part

    def reference(self, message: GraphMessage, part: Part) -> AttachmentRef:
        email = self.email(message)
        return AttachmentRef(email, part.attachment_id, part.locator, part.file_name, part.content_type, part.size)

    async def read(self, message: GraphMessage, part: Part) -> bytes:
        """Give the bytes of a part."""
        return b"".join([chunk async for chunk in self.provider.open(self.reference(message, part))])

    async def files(self, message: GraphMessage) -> dict[str, bytes]:
        """Give the bytes of every part, by its name."""
        parts = (await self.fetch(message)).parts
        return {part.file_name: await self.read(message, part) for part in parts}

    async def arrivals(self, cursor: str | None = None) -> tuple[list[Arrival], str | None]:
        """Follow the pages to their end; gives what came, and the cursor."""
        found: list[Arrival] = []
        while True:
            page = await self.provider.changes(self.mailbox, cursor)
            found += page.arrivals
            cursor = page.cursor
            if not page.more:
                return found, cursor

    def asked(self, match: str) -> int:
        """Count the requests that were made."""
        return sum(match in f"{seen.method} {seen.target}" for seen in self.graph.requests)


Connect = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def graph() -> AsyncIterator[GraphServer]:
    async with GraphServer() as server:
        server.webhooks.retry_seconds = 0.01
        yield server


@pytest.fixture
async def connect(context: Context, tenant: Tenant, graph: GraphServer) -> AsyncIterator[Connect]:
    """Connect a mailbox; what is given stands in for the usual settings."""
    sealer = Sealer(["a secret for tests only"])
    async with Http() as http:

        async def connected(
            *,
            public_url: str = "https://desk.example",
            since: datetime = SINCE,
            client_secret: str = "",
            certificate: str = "",
            **given: str,
        ) -> Desk:
            connections = Connections(context.database, sealer)
            provider = MicrosoftProvider(
                connections, http, context.database, context.spool, public_url, LARGEST_MESSAGE
            )
            mailbox = Mailbox(tenant.tenant, uuid4(), ADDRESS, since)
            usual = {"directory_id": graph.directory_id, "client_id": graph.client_id, "folder": ""}
            urls = {"graph_url": graph.url, "authority_url": graph.url}
            known = client_secret or ("" if certificate else graph.client_secret)
            secret = settings.new_secret(client_secret=known, certificate=certificate)
            written = settings.new_connection(**{**usual, **urls, **given})
            sealed = sealer.seal(mailbox.tenant, mailbox.provider_id, secret)
            async with context.database.tenant(mailbox.tenant) as session:
                await email_providers.create(session, mailbox.provider_id, "microsoft", ADDRESS, since)
                await mailbox_connections.create(session, mailbox.provider_id, written, sealed)
            return Desk(provider, mailbox, graph, graph.mailbox(ADDRESS), context.database)

        yield connected


@pytest.fixture
async def desk(connect: Connect) -> Desk:
    """A mailbox that an application reads with a client secret."""
    return await connect()
