"""Signing in through an issuer in a real browser, under the strict policy of our pages."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from maildock.access.people import add_user
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.servers.openid.tokens import Login
from tests.web.browser.axe import violations
from tests.web.browser.chromium import CHROMIUM, QUIET
from tests.web.browser.conftest import EMAIL
from tests.web.signing_on import Shop, shop_of
from tests.web.visitor import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
async def shop(context: Context, tenant: Tenant) -> AsyncIterator[Shop]:
    await add_user(context.database, tenant.tenant, EMAIL, PASSWORD, admin=True)
    async with shop_of(context, tenant.name) as shop:
        yield shop


@pytest.fixture
async def page(shop: Shop) -> AsyncIterator[Page]:
    """A page at the shop; nothing may break its policy."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await chromium.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{shop.origin}/mail")
        yield page
        await chromium.close()
    assert [said for said in complaints if "the server responded with a status of 40" not in said] == []


async def test_a_person_signs_in_through_the_issuer(shop: Shop, page: Page) -> None:
    assert await violations(page) == []
    await page.get_by_role("link", name="Sign in with the Shop's login").click()
    await page.get_by_role("link", name="Continue").click()
    await page.wait_for_url(f"{shop.origin}/mail")
    await page.get_by_role("link", name="People").click()
    await expect(page.get_by_text("single sign-on")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_a_person_who_cancels_is_told_what_to_do_and_may_go_on(page: Page) -> None:
    await page.get_by_role("link", name="Sign in with").click()
    await page.get_by_role("link", name="Cancel").click()
    await expect(page.get_by_role("alert")).to_contain_text("use your password")
    assert await violations(page) == []
    await page.get_by_role("link", name="Sign in with").click()
    await page.get_by_role("link", name="Continue").click()
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()


async def test_a_stranger_is_told_whom_to_ask(shop: Shop, page: Page) -> None:
    shop.issuer.login = Login(email="stranger@shop.example")
    await page.get_by_role("link", name="Sign in with").click()
    await page.get_by_role("link", name="Continue").click()
    await expect(page.get_by_role("alert")).to_contain_text("ask an admin to add your email")
