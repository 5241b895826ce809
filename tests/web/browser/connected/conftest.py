"""A local Graph that forms may name, and that reaches the application with its pushes."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from maildock.providers.http import Origin
from maildock.web.app import WebSettings
from tests.servers.graph import GraphServer
from tests.web.browser.connecting import ADDRESS
from tests.web.server import SETTINGS


@pytest.fixture
async def graph() -> AsyncIterator[GraphServer]:
    """A Microsoft 365 with the mailbox that is connected."""
    async with GraphServer() as server:
        server.mailbox(ADDRESS)
        yield server


@pytest.fixture
def port() -> int:
    """A port that is free, so that Graph can be told where it reaches us."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def environment(environment: dict[str, str], graph: GraphServer, port: int) -> dict[str, str]:
    """The settings of a maildock that is reached at that port, and whose forms may name Graph."""
    told = {"MAILDOCK_PUBLIC_URL": f"http://127.0.0.1:{port}", "MAILDOCK_PROVIDER_ORIGINS": graph.url}
    return {**environment, **told}


@pytest.fixture
def web_settings(graph: GraphServer) -> WebSettings:
    """The same for the application."""
    return replace(SETTINGS, provider_origins=frozenset((Origin.parse(graph.url),)))
