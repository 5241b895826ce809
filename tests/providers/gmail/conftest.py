"""A Gmail mailbox of a tenant, connected to the local Gmail."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from maildock.access.sealing import Sealer
from maildock.domain.message import InboundMessage
from maildock.flow.context import Context
from maildock.providers.base import AttachmentRef, EmailRef, Mailbox
from maildock.providers.connections import Connections
from maildock.providers.gmail import settings
from maildock.providers.gmail.provider import GmailProvider
from maildock.providers.http import Http
from maildock.tables import mailbox_connections
from maildock.tables.session import Database
from maildock.tables.tenants import Tenant
from tests.servers.gmail import GmailServer
from tests.servers.google.mailbox import GmailMailbox, GmailMessage
from tests.servers.google.push import TOPIC

ADDRESS = "desk@shop.example"
PUSHER = "push@maildock-test.iam.gserviceaccount.com"
PUBLIC_URL = "https://desk.example"
SINCE = datetime.now(UTC) - timedelta(days=30)
LARGEST_MESSAGE = 64 << 20

_ADD = (
    "INSERT INTO email_providers (tenant, provider_id, kind, mailbox, since)"
    " VALUES (%(tenant)s, %(provider_id)s, 'gmail', %(mailbox)s, %(since)s)"
)


@dataclass(frozen=True)
class Desk:
    """A provider, and the mailbox that it is connected to."""

    provider: GmailProvider
    mailbox: Mailbox
    gmail: GmailServer
    inbox: GmailMailbox
    database: Database

    def email(self, message: GmailMessage) -> EmailRef:
        return EmailRef(self.mailbox.tenant, self.mailbox.provider_id, message.message_id)

    async def fetch(self, message: GmailMessage) -> InboundMessage:
        return await self.provider.fetch(self.email(message))

    async def read(self, message: GmailMessage, attachment_id: str, locator: str = "") -> bytes:
        """Give the bytes of a part."""
        reference = AttachmentRef(self.email(message), attachment_id, locator)
        return b"".join([chunk async for chunk in self.provider.open(reference)])

    async def files(self, message: GmailMessage) -> dict[str, bytes]:
        """Give the bytes of every part, by its id."""
        parts = (await self.fetch(message)).parts
        return {part.attachment_id: await self.read(message, part.attachment_id, part.locator) for part in parts}

    def asked(self, match: str) -> int:
        """Count the requests that were made."""
        return sum(match in f"{seen.method} {seen.target}" for seen in self.gmail.requests)


Connect = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def gmail() -> AsyncIterator[GmailServer]:
    async with GmailServer() as server:
        server.push.least_seconds, server.push.retry_seconds = 0, 0.01
        yield server


@pytest.fixture
async def connect(context: Context, tenant: Tenant, gmail: GmailServer) -> AsyncIterator[Connect]:
    """Connect a mailbox; what is given stands in for the usual settings, or for the secret."""
    sealer = Sealer(["a secret for tests only"])
    async with Http() as http:
        connections = Connections(context.database, sealer)
        provider = GmailProvider(connections, http, context.database, context.spool, PUBLIC_URL, LARGEST_MESSAGE)

        async def connected(secret: str = "", address: str = ADDRESS, **given: str) -> Desk:
            inbox = gmail.mailbox(address)
            mailbox = Mailbox(tenant.tenant, uuid4(), address, SINCE)
            urls = {"gmail_url": gmail.url, "token_url": gmail.token_url, "certs_url": f"{gmail.url}/oauth2/v3/certs"}
            usual = {"label": "", "topic": TOPIC, "push_service_account": PUSHER, "client_id": gmail.client_id}
            written = settings.new_connection(**{**usual, **urls, **given})
            plain = secret or settings.service_account_secret(gmail.account_file.read_text())
            sealed = sealer.seal(mailbox.tenant, mailbox.provider_id, plain)
            row = {"provider_id": mailbox.provider_id, "mailbox": address, "since": SINCE}
            async with context.database.tenant(mailbox.tenant) as session:
                await session.execute(_ADD, row)
                await mailbox_connections.create(session, mailbox.provider_id, written, sealed)
            return Desk(provider, mailbox, gmail, inbox, context.database)

        yield connected


@pytest.fixture
async def desk(connect: Connect) -> Desk:
    """A mailbox that a service account reads."""
    return await connect()


def with_since(desk: Desk, since: datetime) -> Desk:
    """The same mailbox with another start time."""
    return replace(desk, mailbox=replace(desk.mailbox, since=since))


def account(desk: Desk) -> dict[str, str]:
    """The service account's file."""
    content: dict[str, str] = json.loads(desk.gmail.account_file.read_text())
    return content
