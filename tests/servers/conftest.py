"""A Graph server, a client with a token, and a mailbox."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.servers.client import Client
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
