"""Which pages are taken, and what is done there before."""

from playwright.async_api import Page, expect

from scripts.pictures.camera import Camera, Shot
from scripts.pictures.desk import Desk

# Taken before anything has happened.
EMPTY = (
    Shot("empty-tickets", "/"),
    Shot("empty-mail", "/mail", kept=False),
    Shot("empty-mail-files", "/mail/parts", kept=False),
    Shot("empty-mailboxes", "/providers", kept=False),
    Shot("empty-dashboard", "/dashboard", kept=False),
)


async def full(desk: Desk, camera: Camera, mailbox: str) -> list[Shot]:
    """List the pages of an installation full of life; `mailbox` is the id of one that does well."""
    tickets = {each["subject"]: each for each in (await desk.get("/tickets?limit=200"))["items"]}
    numbers = {
        name: next(each["number"] for subject, each in tickets.items() if begin in subject)
        for name, begin in {"ticket": "printer", "rtl": "LaserJet", "long": "Question about", "many": "Scans"}.items()
    }
    printer = next(each["ticket_id"] for each in tickets.values() if each["number"] == numbers["ticket"])
    documents = (await desk.get(f"/tickets/{printer}/documents"))["items"]
    photo, quotation = (
        next(each["document_id"] for each in documents if each["name"] == name)
        for name in ("IMG_2041.png", "Quotation 118.pdf")
    )
    said = (await desk.get(f"/tickets/{printer}"))["comments"]
    mail = said[-1]
    await _read_some(camera, [each["number"] for each in tickets.values()][9:])
    return [
        Shot("tickets", "/"),
        Shot("tickets-found", "/?status=all&q=print", kept=False),
        Shot("ticket", f"/tickets/{numbers['ticket']}"),
        Shot("ticket-rtl", f"/tickets/{numbers['rtl']}"),
        Shot("ticket-long", f"/tickets/{numbers['long']}", kept=False),
        Shot("ticket-many", f"/tickets/{numbers['many']}"),
        Shot("comment", f"/tickets/{numbers['ticket']}/comments/{said[1]['comment_id']}"),
        Shot("document", f"/tickets/{numbers['ticket']}/documents/{photo}/view", _settle),
        Shot("pdf", f"/tickets/{numbers['ticket']}/documents/{quotation}/view", _read),
        Shot("mail", "/mail"),
        Shot("mail-files", "/mail/parts"),
        Shot("mail-message", f"/mail/message?provider={mail['provider_id']}&email={mail['email_id']}"),
        Shot("mailboxes", "/providers"),
        Shot("check", "/providers", _check),
        Shot("connect-microsoft", "/providers/connect/microsoft"),
        Shot("connect-refused", "/providers/connect/microsoft", _connect_wrongly, kept=False),
        Shot("connect-gmail", "/providers/connect/gmail"),
        Shot("credentials", f"/providers/{mailbox}/secret"),
        Shot("settings", f"/providers/{mailbox}/settings"),
        Shot("dashboard", "/dashboard"),
        Shot("people", "/people"),
        Shot("people-asked", "/people", _forgot, kept=False),
        Shot("tokens", "/tokens"),
        Shot("account", "/account"),
        Shot("login", "/login", known=False),
        Shot("error", "/nowhere"),
    ]


async def _read_some(camera: Camera, numbers: list[int]) -> None:
    async with camera.page() as page:
        for number in numbers:
            await page.goto(f"{camera.origin}/tickets/{number}")


async def _settle(page: Page) -> None:
    await page.wait_for_load_state("networkidle")


async def _read(page: Page) -> None:
    await expect(page.frame_locator("iframe").get_by_text("Good for 30 days.")).to_be_visible()


async def _check(page: Page) -> None:
    """Go to the check's own page, which is there without scripts."""
    await page.locator("form", has=page.get_by_role("button", name="Check now (support@")).evaluate(
        "form => form.submit()"
    )
    await expect(page.get_by_text("Every step works.")).to_be_visible(timeout=20_000)


async def _forgot(page: Page) -> None:
    await page.get_by_text("Forgot password").first.click()


async def _connect_wrongly(page: Page) -> None:
    await page.get_by_label("Mailbox", exact=True).fill("desk@shop.example")
    await page.get_by_label("Directory (tenant) ID").fill("shop.example")
    await page.get_by_label("Application (client) ID").fill("not an id")
    await page.get_by_role("button", name="Test and connect").click()
    await expect(page.get_by_role("alert")).to_be_visible()
