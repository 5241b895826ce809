"""A Graph server and a Gmail server, each with a client that has a token, and a mailbox."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.servers.client import Client
from tests.servers.gmail import GmailServer
from tests.servers.gmail_client import ADDRESS, GmailClient
from tests.servers.google.mailbox import GmailMailbox
from tests.servers.graph import GraphServer
from tests.servers.microsoft.mailbox import GraphMailbox


@pytest.fixture
async def graph() -> AsyncIterator[GraphServer]:
    async with GraphServer() as server:
        server.webhooks.retry_seconds = 0.01
        yield server


@pytest.fixture
async def client(graph: GraphServer) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        client = Client(graph, session)
        await client.log_in()
        yield client


@pytest.fixture
def desk(graph: GraphServer) -> GraphMailbox:
    return graph.mailbox("desk@shop.example")


@pytest.fixture
async def gmail() -> AsyncIterator[GmailServer]:
    async with GmailServer() as server:
        server.push.least_seconds, server.push.retry_seconds = 0, 0.01
        yield server


@pytest.fixture
def inbox(gmail: GmailServer) -> GmailMailbox:
    return gmail.mailbox(ADDRESS)


@pytest.fixture
async def reader(gmail: GmailServer, inbox: GmailMailbox) -> AsyncIterator[GmailClient]:
    assert inbox.address == ADDRESS
    async with aiohttp.ClientSession() as session:
        reader = GmailClient(gmail, session)
        await reader.log_in()
        yield reader
