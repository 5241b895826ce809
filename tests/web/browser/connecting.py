"""Connecting a mailbox of a local Graph by the form."""

import socket
from dataclasses import replace

from playwright.async_api import Page, expect

from maildock.providers.http import Origin
from maildock.web.app import WebSettings
from tests.servers.graph import GraphServer
from tests.web.browser.conftest import Browser
from tests.web.server import SETTINGS

ADDRESS = "desk@shop.example"


async def fill_in(page: Page, graph: GraphServer) -> None:
    """Fill in what is no secret."""
    await page.get_by_label("Mailbox", exact=True).fill(ADDRESS)
    await page.get_by_label("Directory (tenant) ID").fill(graph.directory_id)
    await page.get_by_label("Application (client) ID").fill(graph.client_id)
    await page.get_by_text("Advanced: another cloud").click()
    await page.get_by_label("Graph").fill(graph.url)
    await page.get_by_label("Login").fill(graph.url)


async def send(page: Page, secret: str) -> None:
    """Send the form with this secret."""
    await page.get_by_label("Client secret").fill(secret)
    await page.get_by_role("button", name="Test and connect").click()


async def connect(browser: Browser, graph: GraphServer) -> None:
    """Connect the mailbox."""
    await browser.page.goto(f"{browser.origin}/providers/connect/microsoft")
    await fill_in(browser.page, graph)
    await send(browser.page, graph.client_secret)
    await expect(browser.page.get_by_text("Connected.")).to_be_visible()
    # The scripts are there; a person is slower.
    await browser.page.wait_for_load_state()


def free_port() -> int:
    """Find a port for us that Graph can be told of before we are there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def acquainted(graph: GraphServer, port: int) -> dict[str, str]:
    """Give the settings by which Graph reaches us at `port`, and forms may name it."""
    return {"MAILDOCK_PUBLIC_URL": f"http://127.0.0.1:{port}", "MAILDOCK_PROVIDER_ORIGINS": graph.url}


def allowing(graph: GraphServer) -> WebSettings:
    """Give the settings of a web server whose forms may name Graph."""
    return replace(SETTINGS, provider_origins=frozenset((Origin.parse(graph.url),)))
