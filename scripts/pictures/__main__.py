"""Take every picture anew: `python -m scripts.pictures [--all] [--into FOLDER] [NAME…]`; about four minutes."""

import argparse
import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer
from tests.servers.openid.tokens import Login
from tests.servers.openid_connect import OpenIdServer

from maildock.sign_on.registration import COME_BACK
from scripts.pictures import camera, desk, life, mails, passing, shots
from scripts.pictures.camera import Camera, Shot

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def main() -> None:
    """Read the command line, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a page, to take only that")
    parser.add_argument("--all", action="store_true", help="those that stand in no document, too")
    parser.add_argument("--into", type=Path, default=IMAGES, help="a folder for the pictures")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="maildock-pictures-") as name:
        asyncio.run(_take(Path(name), wanted))


async def _take(folder: Path, wanted: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        graph = await stack.enter_async_context(GraphServer())
        gmail = await stack.enter_async_context(GmailServer())
        issuer = await stack.enter_async_context(OpenIdServer())
        shop = await stack.enter_async_context(desk.started(folder, _settings(issuer, graph.url, gmail.url)))
        clock = await stack.enter_async_context(passing.clock_of(shop))
        await life.people(shop)
        lens = await stack.enter_async_context(camera.opened(shop.origin, wanted.into))
        await lens.log_in(life.ADMIN, life.PASSWORD)
        await _each(lens, [*shots.EMPTY], wanted)
        await _sign_in(lens, issuer)
        mailbox = await life.day(shop, clock, graph, gmail)
        await _each(lens, await shots.full(shop, lens, mailbox), wanted)


async def _sign_in(lens: Camera, issuer: OpenIdServer) -> None:
    """Let somebody come through the issuer, whom people are linked with from then on."""
    issuer.login, issuer.redirect_uri = Login(email=life.COLLEAGUE), lens.origin + COME_BACK
    async with lens.page(known=False) as page:
        await page.goto(f"{lens.origin}/login")
        await page.get_by_role("link", name="Sign in with").click()
        await page.get_by_role("link", name="Continue").click()
        await page.wait_for_url(f"{lens.origin}/")


def _settings(issuer: OpenIdServer, *vendors: str) -> dict[str, str]:
    """Tell who the issuer and the vendors are, store little, and try again late, so that what fails is seen failing."""
    return {
        "MAILDOCK_MAX_ATTACHMENT_BYTES": str(mails.LIMIT),
        "MAILDOCK_PROVIDER_ORIGINS": ",".join(vendors),
        "MAILDOCK_POLL_SECONDS": "2",
        "MAILDOCK_MAX_ATTEMPTS": "1",
        "MAILDOCK_RETRY_SECONDS": "900",
        "MAILDOCK_OIDC_ISSUER": issuer.url,
        "MAILDOCK_OIDC_CLIENT_ID": issuer.client_id,
        "MAILDOCK_OIDC_CLIENT_SECRET": issuer.client_secret,
        "MAILDOCK_OIDC_TENANT": desk.TENANT,
        "MAILDOCK_OIDC_NAME": "Microsoft",
    }


async def _each(lens: Camera, listed: list[Shot], wanted: argparse.Namespace) -> None:
    for shot in listed:
        if shot.name in wanted.names or (not wanted.names and (shot.kept or wanted.all)):
            await lens.take(shot)


if __name__ == "__main__":
    main()
