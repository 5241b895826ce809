"""Every page, by day, in the dark and on a phone: usable by everybody, and never wider than its window."""

import re

import pytest
from fastapi.routing import APIRoute
from playwright.async_api import Page, ViewportSize, expect

from maildock.web.pages.mount import PAGES
from tests.desk import Desk
from tests.mail import Mail, mail
from tests.servers.graph import GraphServer
from tests.web.browser.axe import violations
from tests.web.browser.conftest import Browser
from tests.web.browser.connecting import connect
from tests.web.browser.test_tickets import HEBREW, PDF, full, png

pytestmark = pytest.mark.browser

DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=720)
FIXED = (
    "/",
    "/?q=nothing+like+it",
    "/?status=all",
    "/?status=closed",
    "/mail",
    "/mail?status=failed",
    "/mail/parts",
    "/providers",
    "/providers/connect/microsoft",
    "/providers/connect/gmail",
    "/dashboard",
    "/dashboard?span=7d",
    "/people",
    "/tokens",
    "/account",
    "/nowhere",
)
# These answer with files, pieces of pages, or the way to somewhere else.
NO_PAGES = {
    "/login/sso",
    "/login/sso/callback",
    "/mail/raw",
    "/reader",
    "/tickets/{number}/documents",
    "/tickets/{number}/documents.zip",
    "/tickets/{number}/documents/{document_id}",
    "/tickets/{number}/documents/{document_id}/content",
    "/tickets/{number}/events",
}


def long() -> tuple[Mail, Mail]:
    first = mail("Unbreakable" * 20, sender=f"{'long' * 15} <{'long' * 15}@customer.example>", text="no-break" * 100)
    table = "<table><tr>" + "<td>cell cell</td>" * 40 + "</table><pre>" + "x" * 500 + "</pre><img src='cid:logo'>"
    answer = mail().reply_to(first).html(table).attach("name" * 40 + ".pdf", PDF).attach(f"{HEBREW}.png", png(900, 9))
    return first, answer.inline("logo.png", png(9, 9), cid="logo")


async def suits(page: Page, path: str) -> None:
    """Look at the open page as it is, in the dark, and on a phone."""
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(DESK)
    for summary in await page.locator("main summary:visible").all():
        await summary.click()
    assert await violations(page) == [], path
    await page.emulate_media(color_scheme="dark")
    assert await violations(page, "color-contrast") == [], f"{path} in the dark"
    await page.set_viewport_size(PHONE)
    assert await violations(page) == [], f"{path} on a phone"
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path


async def link(browser: Browser, path: str, selector: str) -> str:
    """Find where a page leads to."""
    await browser.page.goto(browser.origin + path)
    return str(await browser.page.locator(selector).first.get_attribute("href"))


async def test_every_page_is_for_everybody(browser: Browser, desk: Desk, graph: GraphServer) -> None:
    await desk.ingest(*full(), *long())
    page = browser.page
    await connect(browser, graph)
    await suits(page, "a mailbox that was just connected")
    said = (await link(browser, "/tickets/1", ".files .muted a")).rpartition("#c-")[2]
    paths = [
        *FIXED,
        "/tickets/1",
        "/tickets/2",
        "/tickets/3",
        f"/tickets/1/comments/{said}",
        await link(browser, "/tickets/1", "li:has-text('a.txt') .acts a"),
        await link(browser, "/tickets/3", "li:has-text('.png') .acts a"),
        await link(browser, "/mail", ".mails a.subject"),
        await link(browser, "/providers", "a[href$='/secret']"),
        await link(browser, "/providers", "a[href$='/settings']"),
    ]
    for path in paths:
        await page.goto(browser.origin + path)
        await suits(page, path)
    await check(page, browser.origin)
    await page.context.clear_cookies()
    await page.goto(f"{browser.origin}/login")
    await suits(page, "/login")
    assert left_out([*paths, "/login"]) == []
    browser.complaints[:] = [said for said in browser.complaints if "404" not in said]


async def check(page: Page, origin: str) -> None:
    """See a check's own page, as it is without scripts."""
    await page.goto(f"{origin}/providers")
    await page.evaluate("document.querySelector('form[data-check]').submit()")
    await expect(page.get_by_text("Every step works.")).to_be_visible(timeout=15_000)
    await suits(page, "a check")


def left_out(paths: list[str]) -> list[str]:
    """Give the pages that none of these paths is of."""
    routes = [route for noun in PAGES for route in noun.router.routes if isinstance(route, APIRoute)]
    pages = {route.path for route in routes if "GET" in (route.methods or ())} - NO_PAGES
    seen = [path.partition("?")[0] for path in paths]
    return [each for each in sorted(pages) if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), at) for at in seen)]


async def test_a_fresh_installation_is_for_everybody(browser: Browser) -> None:
    for path in ("/", "/mail", "/mail/parts", "/providers", "/dashboard", "/tokens"):
        await browser.page.goto(browser.origin + path)
        await suits(browser.page, path)
