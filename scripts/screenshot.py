"""Take a picture of a page behind the login: `screenshot.py URL EMAIL PASSWORD OUT.png [--dark] [--width PIXELS]`."""

import argparse
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def main() -> None:
    """Log in, go to the page, and write the picture of all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "email", "password", "out"):
        parser.add_argument(name)
    parser.add_argument("--dark", action="store_true", help="as people see it who like it dark")
    parser.add_argument("--width", type=int, default=1280, help="of the window, in pixels")
    take(parser.parse_args())


def take(wanted: argparse.Namespace) -> None:
    """Take the picture that was asked for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(
            viewport={"width": wanted.width, "height": 800},
            color_scheme="dark" if wanted.dark else "light",
            device_scale_factor=2,
        )
        page.goto(urljoin(wanted.url, "/login"))
        if wanted.email:
            page.get_by_label("Email").fill(wanted.email)
            page.get_by_label("Password").fill(wanted.password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(lambda url: not url.endswith("/login"))
            page.goto(wanted.url)
        page.screenshot(path=wanted.out, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
