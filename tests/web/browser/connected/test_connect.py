"""An admin connects a mailbox in a real browser, against a local Graph."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.mail import mail
from tests.servers.graph import GraphServer
from tests.web.browser.axe import violations
from tests.web.browser.conftest import Browser
from tests.web.browser.connecting import ADDRESS, connect, fill_in, send

pytestmark = pytest.mark.browser


async def test_a_mailbox_is_connected_and_its_mail_arrives(browser: Browser, graph: GraphServer) -> None:
    page = browser.page
    await page.goto(f"{browser.origin}/providers")
    await page.get_by_role("link", name="Connect Microsoft 365").click()
    await fill_in(page, graph)
    await send(page, "wrong")
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    await expect(page.get_by_text("the client secret is wrong")).to_be_visible()
    assert await violations(page) == []
    # The browser itself notes that the form did not do.
    browser.complaints.clear()
    await send(page, graph.client_secret)
    await expect(page.get_by_text("Connected.")).to_be_visible()
    await expect(page.get_by_text(re.compile("/webhooks/microsoft/.*/lifecycle"))).to_be_visible()
    graph.mailbox(ADDRESS).deliver(mail("Printer").attach("a.txt", b"a"))
    await page.wait_for_load_state()
    await page.get_by_role("button", name=f"Check now ({ADDRESS})").click()
    log = page.get_by_role("log")
    await expect(log.get_by_text("Every step works.")).to_be_visible()
    await expect(log.get_by_text("attachments can be listed")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name=f"Pause ({ADDRESS})").click()
    await page.get_by_role("button", name=f"Resume ({ADDRESS})").click()
    await page.goto(browser.origin)
    async with asyncio.timeout(15):
        while not await page.get_by_role("link", name="Printer").count():
            await page.wait_for_timeout(200)
            await page.reload()


async def test_a_step_is_seen_before_the_next_is_done(browser: Browser, graph: GraphServer) -> None:
    await connect(browser, graph)
    log = browser.page.get_by_role("log")
    graph.fault("/mailFolders/inbox?$select=id", kind="slow", seconds=4.0, times=1)
    await browser.page.get_by_role("button", name=f"Check now ({ADDRESS})").click()
    await expect(log.get_by_text("Access token", exact=True)).to_be_visible(timeout=3_000)
    await expect(log.get_by_text("Checking …")).to_be_visible(timeout=500)
    await expect(log.get_by_text("Every step works.")).to_be_visible(timeout=15_000)


async def test_without_scripts_a_check_has_a_page_of_its_own(browser: Browser, graph: GraphServer) -> None:
    await connect(browser, graph)
    page = browser.page
    await page.route("**/*.js?*", lambda route: route.abort())
    await page.goto(f"{browser.origin}/providers")
    await page.get_by_role("button", name=f"Check now ({ADDRESS})").click()
    await expect(page.get_by_role("heading", name=f"Check of {ADDRESS}")).to_be_visible()
    await expect(page.get_by_text("Every step works.")).to_be_visible()
    assert await violations(page) == []
    browser.complaints[:] = [said for said in browser.complaints if "ERR_FAILED" not in said]
