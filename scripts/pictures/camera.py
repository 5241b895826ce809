"""A browser that is logged in and takes a page as people see it: in daylight, in the dark, on a phone."""

import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.async_api import Browser, FloatRect, Page, ViewportSize, async_playwright
from tests.web.browser.chromium import CHROMIUM, QUIET

_USUAL, _OTHERS = 64, 192  # colours

Prepare = Callable[[Page], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at; `longest` is where its picture is cut off, in pixels of CSS."""

    suffix: str
    scheme: Literal["light", "dark"]
    window: ViewportSize
    longest: int


VIEWS = (
    View("", "light", ViewportSize(width=1280, height=800), 1200),
    View("-dark", "dark", ViewportSize(width=1280, height=800), 1200),
    View("-phone", "light", ViewportSize(width=375, height=740), 1600),
)


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to be taken: the name of its pictures, its path, and what is done there before.

    `known`: somebody who is logged in sees it. `kept`: it stands in the documents; others are there to be looked at.
    """

    name: str
    path: str
    prepare: Prepare | None = None
    known: bool = True
    kept: bool = True


class Camera:
    """Takes pages of one origin into a folder."""

    def __init__(self, browser: Browser, origin: str, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._cookies: list[object] = []
        self.origin = origin

    async def log_in(self, email: str, password: str) -> None:
        """Be this person from now on."""
        async with self.page() as page:
            await page.goto(f"{self.origin}/login")
            await page.get_by_label("Email").fill(email)
            await page.get_by_label("Password").fill(password)
            await page.get_by_role("button", name="Log in").click()
            await page.wait_for_url(f"{self.origin}/")
            self._cookies = [*await page.context.cookies()]

    @contextlib.asynccontextmanager
    async def page(self, view: View = VIEWS[0], *, known: bool = True) -> AsyncIterator[Page]:
        """Open a page of a browser of its own."""
        context = await self._browser.new_context(
            viewport=view.window, color_scheme=view.scheme, device_scale_factor=2, reduced_motion="reduce"
        )
        if known:
            await context.add_cookies(self._cookies)  # type: ignore[arg-type] # what `cookies` gave
        yield await context.new_page()
        await context.close()

    async def take(self, shot: Shot) -> None:
        """Take a page in each view; a page that scrolls sideways is an error."""
        for view in VIEWS:
            async with self.page(view, known=shot.known) as page:
                await page.goto(self.origin + shot.path)
                if shot.prepare:
                    await shot.prepare(page)
                wide = await page.evaluate("document.documentElement.scrollWidth")
                if wide > view.window["width"]:
                    raise SystemExit(f"{shot.name}{view.suffix} scrolls sideways: it is {wide} pixels wide")
                await self._write(page, view, f"{shot.name}{view.suffix}.png")

    async def _write(self, page: Page, view: View, name: str) -> None:
        if await page.evaluate("document.documentElement.scrollHeight > innerHeight"):
            # What keeps to the window's height is to be seen whole as well.
            await page.set_viewport_size({"width": view.window["width"], "height": view.longest})
        tall = await page.evaluate("Math.ceil(document.querySelector('main').getBoundingClientRect().bottom + scrollY)")
        height = max(view.window["height"], min(tall, view.longest))
        await page.evaluate("window.scrollTo(0, 0)")
        clip = FloatRect(x=0, y=0, width=view.window["width"], height=height)
        picture = await page.screenshot(full_page=True, animations="disabled", clip=clip)
        size = _write_small(picture, self._folder / name)
        print(f"{name}: {size >> 10} KiB", flush=True)


def _write_small(picture: bytes, path: Path) -> int:
    """Write a picture by a palette, and give the bytes that it takes."""
    with Image.open(io.BytesIO(picture)) as opened_picture:
        image = opened_picture.convert("RGB")
    # What a page is made of keeps its colours; the others reach from the brightest to the darkest, text among them.
    usual: list[Any] = sorted(image.getcolors(image.width * image.height) or (), reverse=True)[:_USUAL]
    others = image.quantize(_OTHERS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(part for _, colour in usual for part in colour), *others])
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


@contextlib.asynccontextmanager
async def opened(origin: str, folder: Path) -> AsyncIterator[Camera]:
    """Start a browser for an origin, whose pictures go into a folder."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield Camera(browser, origin, folder)
        await browser.close()
