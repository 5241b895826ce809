"""A form makes the service talk to vendors, and to what its operator allows: never to anybody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from maildock.domain.errors import UsageError
from maildock.flow.context import Context
from maildock.providers.http import Origin
from maildock.settings import load
from maildock.tables.tenants import Tenant
from maildock.web import endpoints
from maildock.wiring import provider_origins
from tests.desk import Desk
from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer
from tests.web.mailbox_forms import for_gmail, for_graph, sent, steps, wrong
from tests.web.server import SETTINGS, serving
from tests.web.visitor import Visitor, person

GRAPH = "https://graph.microsoft.com"
HOSTILE = [
    "http://169.254.169.254",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]",
    "http://metadata.google.internal",
    "http://127.0.0.1:5432",
    "http://localhost",
    "http://[::1]:8484",
    "https://127.1",
    "https://0x7f000001",
    "https://2130706433",
    "http://graph.microsoft.com",
    "https://graph.microsoft.com@evil.example",
    "https://@graph.microsoft.com",
    "https://user:word@graph.microsoft.com",
    "https://evil.example#@graph.microsoft.com",
    "https://evil.example?graph.microsoft.com",
    "https://evil.example/graph.microsoft.com",
    "https://evil.example\\@graph.microsoft.com",
    "https://graph.microsoft.com\\.evil.example",
    "https://graph.microsoft.com.evil.example",
    "https://evil-graph.microsoft.com",
    "https://graph.microsoft.com.",
    "https://graph.microsoft.com:444",
    "https://graph.microsoft.com:80",
    "https://graph.microsoft.com:0",
    "https://graph.microsoft.com:99999",
    "https://graph.microsoft.com:443:80",
    "https://graph.microsoft.com:",
    "https://graph.microsoft.com/../",
    "https://graph.microsoft.com/v1.0",
    "https://graph.microsoft.com?",
    "https://graph.microsoft.com#",
    "https://graph.microsoft.com%2eevil.example",
    "https://gr%61ph.microsoft.com",
    "https://\uff47raph.microsoft.com",
    "https://graph\u3002microsoft\u3002com",
    "https://gr\u0430ph.microsoft.com",
    "https://graph.microsoft.com\u200b",
    "https://graph.microsoft.com\r\nHost: evil.example",
    "https://graph.micro\tsoft.com",
    "//graph.microsoft.com",
    "https:graph.microsoft.com",
    "https:///graph.microsoft.com",
    "graph.microsoft.com",
    "file:///etc/passwd",
    "ftp://graph.microsoft.com",
    "javascript:alert(1)",
    "https://",
    "https://login.microsoftonline.com",
]
ALLOWED = frozenset((Origin.parse("https://proxy.example:8443"),))


@pytest.mark.parametrize("url", HOSTILE)
def test_what_is_not_graphs_own_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        endpoints.origin(url, endpoints.GRAPHS, ALLOWED)


@pytest.mark.parametrize(
    "url", [*(each for each in HOSTILE if "graph" not in each), "https://oauth2.googleapis.com/token/../x"]
)
def test_what_is_not_googles_own_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        endpoints.address(url, endpoints.TOKENS, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.example",
        "https://proxy.example:443",
        "http://proxy.example:8443",
        "https://a.proxy.example:8443",
        "https://proxy.example.:8443",
        "https://proxy.example:8443@evil.example",
    ],
)
def test_what_the_operator_allows_is_one_origin(url: str) -> None:
    with pytest.raises(UsageError):
        endpoints.origin(url, endpoints.GRAPHS, ALLOWED)


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("", ""),
        (GRAPH, GRAPH),
        (f"{GRAPH}/", GRAPH),
        (f"{GRAPH}:443", GRAPH),
        ("HTTPS://Graph.Microsoft.COM", GRAPH),
        ("https://graph.microsoft.us", "https://graph.microsoft.us"),
        ("https://Proxy.example:8443/", "https://proxy.example:8443"),
    ],
)
def test_the_vendors_own_and_what_is_allowed_are_written_one_way(url: str, written: str) -> None:
    assert endpoints.origin(url, endpoints.GRAPHS, ALLOWED) == written


def test_an_address_of_google_is_its_own_to_the_letter() -> None:
    (own, *_) = endpoints.CERTS & {"https://www.googleapis.com/oauth2/v3/certs"}
    assert endpoints.address(own, endpoints.CERTS, ALLOWED) == own
    assert endpoints.address("https://proxy.example:8443/a/token", endpoints.TOKENS, ALLOWED).endswith("/a/token")
    # Anybody can have keys of their own served from Google's host.
    with pytest.raises(UsageError):
        endpoints.address("https://www.googleapis.com/service_accounts/v1/jwk/evil", endpoints.CERTS, ALLOWED)


def allowed_by(value: str, folder: Path) -> frozenset[Origin]:
    return provider_origins(load({"MAILDOCK_PROVIDER_ORIGINS": value}, folder / "no.env"))


def test_an_allowed_origin_that_is_none_stops_the_service(tmp_path: Path) -> None:
    both = allowed_by("https://A.example:443/, http://127.0.0.1:99", tmp_path)
    assert both == {Origin.parse("https://a.example"), Origin.parse("http://127.0.0.1:99")}
    with pytest.raises(UsageError, match=r"MAILDOCK_PROVIDER_ORIGINS: .*must be https"):
        allowed_by("http://10.0.0.1", tmp_path)


class Neighbour:
    """Something on the machine's network that nobody may be made to talk to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer = b""
        self.url = ""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        writer.write(self.answer)
        await writer.drain()
        writer.close()


async def _neighbours(count: int) -> AsyncIterator[list[Neighbour]]:
    found = [Neighbour() for _ in range(count)]
    servers = [await asyncio.start_server(each.take, "127.0.0.1", 0) for each in found]
    for each, server in zip(found, servers, strict=True):
        each.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    for server in servers:
        server.close()


@pytest.fixture
async def neighbours() -> AsyncIterator[list[Neighbour]]:
    async for found in _neighbours(2):
        yield found


async def _root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


async def _connected(desk: Desk) -> int:
    return len(await desk.all("SELECT 1 FROM mailbox_connections WHERE tenant = %(tenant)s"))


async def test_a_form_reaches_nobody_who_is_not_allowed(
    context: Context, tenant: Tenant, origin: str, desk: Desk, neighbours: list[Neighbour]
) -> None:
    root, (neighbour, _) = await _root(context, tenant, origin), neighbours
    async with GraphServer() as graph, GmailServer() as gmail:
        for name in ("graph_url", "authority_url"):
            fields = for_graph(graph, **{"graph_url": "", "authority_url": "", name: neighbour.url})
            status, page = await sent(root, "/providers/connect/microsoft", fields)
            assert (status, wrong(page)) == (422, {name})
        for name in ("gmail_url", "token_url", "certs_url"):
            fields = for_gmail(gmail, **{"gmail_url": "", "token_url": "", "certs_url": "", name: neighbour.url})
            status, page = await sent(root, "/providers/connect/gmail", fields)
            assert (status, wrong(page)) == (422, {name})
            assert "MAILDOCK_PROVIDER_ORIGINS" in page
    assert neighbour.asked == 0
    assert await _connected(desk) == 0


async def test_an_allowed_place_cannot_send_us_elsewhere(
    context: Context, tenant: Tenant, desk: Desk, neighbours: list[Neighbour]
) -> None:
    allowed, other = neighbours
    place = f"Location: {other.url}/common/oauth2/v2.0/token\r\nContent-Length: 0\r\n\r\n".encode()
    settings = replace(SETTINGS, provider_origins=frozenset((Origin.parse(allowed.url),)))
    async with serving(context, settings) as origin, GraphServer() as graph:
        root = await _root(context, tenant, origin)
        for status in (b"301", b"302", b"307", b"308"):
            allowed.answer = b"HTTP/1.1 " + status + b" Moved\r\n" + place
            fields = for_graph(graph, graph_url=allowed.url, authority_url=allowed.url)
            code, page = await sent(root, "/providers/connect/microsoft", fields)
            assert (code, steps(page)[-1]) == (422, ("Access token", False))
    assert (allowed.asked, other.asked) == (4, 0)
    assert await _connected(desk) == 0


async def test_a_key_file_names_no_place(
    context: Context, tenant: Tenant, desk: Desk, neighbours: list[Neighbour]
) -> None:
    neighbour, _ = neighbours
    async with GmailServer() as gmail:
        settings = replace(SETTINGS, provider_origins=frozenset((Origin.parse(gmail.url),)))
        async with serving(context, settings) as origin:
            root = await _root(context, tenant, origin)
            names = ("token_uri", "auth_uri", "auth_provider_x509_cert_url", "client_x509_cert_url", "universe_domain")
            key = {**json.loads(gmail.account_file.read_text()), **dict.fromkeys(names, neighbour.url)}
            fields = for_gmail(gmail, service_account=json.dumps(key))
            assert (await sent(root, "/providers/connect/gmail", fields))[0] == 303
    rows = await desk.all("SELECT settings::text AS written FROM mailbox_connections WHERE tenant = %(tenant)s")
    assert neighbour.url not in str(rows)
    assert neighbour.asked == 0
