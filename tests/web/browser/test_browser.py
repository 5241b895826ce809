"""The pages in a real browser, with a worker beside them."""

import re
from pathlib import Path
from typing import LiteralString

import pytest
from playwright.async_api import Page, ViewportSize, expect

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.mail import Mail, mail
from tests.web.browser.conftest import EMAIL, Browser
from tests.web.test_pages_sanitise import ATTACKS
from tests.web.visitor import PASSWORD

pytestmark = pytest.mark.browser

PHOTO = bytes(range(256)) * 3000
LOGO = b"\x89PNG\r\n\x1a\n logo"
PHONE = ViewportSize(width=375, height=720)


@pytest.fixture
def desk(context: Context, tenant: Tenant) -> Desk:
    return Desk(context, tenant)


def with_logo() -> Mail:
    html = '<p>Hello <b>desk</b></p><img src="cid:logo" alt="Our logo"><img src="https://track.example/1.gif">'
    return mail("Printer").html(html).inline("logo.png", LOGO, cid="logo").attach("photo.jpg", PHOTO)


async def _fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


async def test_a_person_opens_a_ticket_and_downloads_its_file(browser: Browser, desk: Desk, tmp_path: Path) -> None:
    await desk.ingest(with_logo())
    await browser.page.goto(browser.origin)
    await browser.page.get_by_role("link", name="Printer").click()
    panel = browser.page.get_by_role("complementary", name="Documents")
    async with browser.page.expect_download() as started:
        await panel.get_by_role("link", name="photo.jpg").click()
    download = await started.value
    await download.save_as(tmp_path / "photo.jpg")
    assert download.suggested_filename == "photo.jpg"
    assert (tmp_path / "photo.jpg").read_bytes() == PHOTO


async def test_a_skipped_picture_becomes_a_document_before_ones_eyes(browser: Browser, desk: Desk) -> None:
    await desk.ingest(with_logo())
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    await page.get_by_role("button", name="Store it (logo.png)").click()
    await expect(page.get_by_role("complementary").get_by_role("link", name="logo.png")).to_be_visible(timeout=15_000)
    await expect(page.get_by_role("heading", name="Not stored")).to_have_count(0)
    assert (await desk.documents())["logo.png"] == LOGO


async def test_a_mail_is_sent_in_by_its_file(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(with_logo().raw())
    page = browser.page
    await page.goto(f"{browser.origin}/mail")
    await page.get_by_label("Send in a mail").set_input_files(tmp_path / "a.eml")
    await page.get_by_role("button", name="Send in", exact=True).click()
    await expect(page.get_by_text("The mail was taken in")).to_be_visible()


async def test_a_ticket_is_closed_by_its_button(browser: Browser, desk: Desk) -> None:
    await desk.ingest(mail("Printer"))
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_an_operator_finds_a_failed_mail_and_has_it_read(browser: Browser, desk: Desk) -> None:
    switch: LiteralString = "UPDATE email_providers SET status = %(status)s WHERE tenant = %(tenant)s"
    await desk.all(switch, status="paused")
    sent = mail("Printer").attach("a.txt", b"a")
    receipt = await desk.receive(sent)
    await desk.all(
        "UPDATE email_processed_messages SET status = 'dead', error_message = 'the disk is full'"
        " WHERE tenant = %(tenant)s AND email_id = %(email_id)s",
        email_id=receipt.email_id,
    )
    page = browser.page
    await page.goto(f"{browser.origin}/mail")
    await page.get_by_label("Status").select_option("Given up")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_text("The disk is full")).to_be_visible()
    await page.get_by_role("link", name="(not read yet)").click()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download the raw mail").click()
    assert (await started.value).suggested_filename.endswith(".eml")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    await desk.all(switch, status="active")
    await desk.ingest(sent)
    await page.reload()
    await expect(page.get_by_role("link", name="#1")).to_be_visible()
    await expect(page.get_by_role("link", name="a.txt")).to_be_visible()


async def test_a_bar_of_a_chart_leads_to_what_it_counts(browser: Browser, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a"), mail("Long ago"))
    await desk.all(
        "UPDATE email_processed_messages SET created_at = now() - interval '3 hours'"
        " WHERE tenant = %(tenant)s AND subject = 'Long ago'"
    )
    page = browser.page
    await page.goto(f"{browser.origin}/dashboard")
    chart = page.get_by_role("figure", name="Mails per hour")
    await expect(chart.locator("svg.bars")).to_have_accessible_description(re.compile("2 in all; the most, 1, at "))
    await chart.locator("a:has(rect.t-busy)").last.click()
    await expect(page.get_by_role("link", name="Printer")).to_be_visible()
    await expect(page.get_by_role("link", name="Long ago")).to_have_count(0)


async def test_a_chart_is_a_table_by_keyboard(browser: Browser, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a" * 2048))
    page = browser.page
    await page.goto(f"{browser.origin}/dashboard?span=7d")
    await page.get_by_text("As a table (Bytes stored per 6 hours)").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("cell", name="2.0 KiB")).to_be_visible()


async def test_nothing_in_a_mail_runs_or_is_loaded(browser: Browser, desk: Desk) -> None:
    hostile = mail("<script>document.title='won'</script>", sender='"<img src=x onerror=alert(1)>" <eve@a.example>')
    await desk.ingest(hostile.html("".join(ATTACKS)).attach("<svg onload=alert(1)>.svg", b"<svg onload='alert(1)'/>"))
    alerts: list[str] = []
    browser.page.on("dialog", lambda dialog: alerts.append(dialog.message))
    for path in ("/", "/tickets/1", "/mail"):
        await browser.page.goto(browser.origin + path)
        await browser.page.wait_for_load_state("networkidle")
        assert "won" not in (await browser.page.title()).split("<")[0]
    assert alerts == []


async def test_a_login_fits_a_phone_and_works_by_keyboard(browser: Browser) -> None:
    page = browser.page
    await page.context.clear_cookies()
    await page.set_viewport_size(PHONE)
    await page.goto(browser.origin)
    assert await _fits(page)
    await page.keyboard.type(EMAIL)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Tickets", exact=True)).to_be_visible()


async def test_text_stands_out_from_its_ground(browser: Browser, desk: Desk) -> None:
    await desk.ingest(with_logo(), mail("Another"))
    for scheme in ("light", "dark"):
        await browser.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for path in (
            "/",
            "/tickets/1",
            "/mail",
            "/mail/parts",
            "/providers",
            "/dashboard",
            "/account",
            "/people",
            "/tokens",
        ):
            await browser.page.goto(browser.origin + path)
            assert await browser.page.evaluate(FAINT) == [], (scheme, path)


# WCAG 2.2, 1.4.3: a ratio of at least 4.5 between text and what is painted behind it.
FAINT = """() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = numbers(colour).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const pair = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) faint.push(`${walker.currentNode.data.trim()} ${ratio.toFixed(2)}`);
  }
  return faint;
}"""
