"""A real browser, logged in, at a served application with a worker beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Page, async_playwright

from maildock.access.people import add_user
from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from maildock.web.app import WebSettings
from maildock.worker.worker import Worker
from tests.web.browser.chromium import CHROMIUM, QUIET
from tests.web.server import SETTINGS, serving
from tests.web.visitor import PASSWORD

EMAIL = "ann@shop.example"


@dataclass
class Browser:
    """An open page that is logged in, the origin it talks to, and all that it complained about."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def web_settings() -> WebSettings:
    """What the application is told; a module may have it told otherwise."""
    return SETTINGS


@pytest.fixture
def port() -> int:
    """Where the application is served; a module may name the one of its public address."""
    return 0


@pytest.fixture
async def browser(context: Context, tenant: Tenant, web_settings: WebSettings, port: int) -> AsyncIterator[Browser]:
    """A browser at a served application with a worker; no test may leave complaints or reach elsewhere."""
    await add_user(context.database, tenant.tenant, EMAIL, PASSWORD, admin=True)
    async with serving(context, web_settings, port) as origin, _working(context), async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opened = Browser(await chromium.new_page(), origin)
        opened.page.on("console", lambda said: opened.complaints.append(f"{said.type}: {said.text}"))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        await _log_in(opened)
        yield opened
        await chromium.close()
        assert opened.complaints == []
        # What a page made itself is no request to anybody.
        assert [url for url in opened.requests if not url.startswith((f"{origin}/", "blob:"))] == []


@contextlib.asynccontextmanager
async def _working(context: Context) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(context).run(stop))
    yield
    stop.set()
    await task


async def _log_in(browser: Browser) -> None:
    await browser.page.goto(f"{browser.origin}/tickets/1")
    await browser.page.get_by_label("Email").fill(EMAIL)
    await browser.page.get_by_label("Password").fill(PASSWORD)
    await browser.page.get_by_role("button", name="Log in").click()
    await browser.page.wait_for_url(f"{browser.origin}/tickets/1")
    # The ticket is not there yet, which the browser notes by itself.
    browser.complaints.clear()
