"""Connecting a mailbox of a local Graph by the form."""

from playwright.async_api import Page, expect

from tests.servers.graph import GraphServer
from tests.web.browser.conftest import Browser

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
