"""A shop whose people sign in at a local issuer, and the steps that a browser takes there and back."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

from maildock.flow.context import Context
from maildock.providers.http import Http
from maildock.sign_on.registration import COME_BACK, Registration
from maildock.sign_on.single import SingleSignOn
from tests.servers.openid_connect import OpenIdServer
from tests.web.server import SETTINGS, Answer, Client, serving
from tests.web.visitor import Visitor

START = "/login/sso"


@dataclasses.dataclass
class Shop:
    """A served application with single sign-on, and its issuer."""

    origin: str
    issuer: OpenIdServer
    sign_on: SingleSignOn

    async def sign_in(self, visitor: Visitor | None = None, goal: str = "") -> Answer:
        """Go to the issuer and come back; gives our last answer."""
        visitor = visitor or Visitor(self.origin)
        return await visitor.get(await self.way_back(visitor, goal))

    async def way_back(self, visitor: Visitor, goal: str = "", way: str = "Continue") -> str:
        """Go to the issuer, and give the path that it sends the browser back to."""
        left = await visitor.get(START + (f"?next={goal}" if goal else ""))
        assert left.status == 303, left.body
        return await self.chosen(left.headers["location"], way)

    async def chosen(self, url: str, way: str = "Continue") -> str:
        """Choose a way on the issuer's page."""
        shown = await Client(self.issuer.url, {}).get(url.removeprefix(self.issuer.url))
        found = re.search(rf'href="([^"]+)">{way}<', shown.body.decode())
        assert found, shown.body
        return unescape(found[1]).removeprefix(self.origin)

    def asked(self, what: str) -> int:
        """Count what the issuer was asked."""
        return self.issuer.requests.count(what)


def message(answer: Answer) -> str:
    """Read the one line that says why nobody was let in."""
    found = re.search(r'role="alert">([^<]*)<', answer.body.decode())
    assert found, answer.body
    return unescape(found[1])


def asked_of(url: str) -> dict[str, str]:
    """Read the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@contextlib.asynccontextmanager
async def shop_of(context: Context, tenant: str, **changes: object) -> AsyncIterator[Shop]:
    """Serve with single sign-on for a tenant; `changes` are of the registration."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    async with OpenIdServer() as issuer, Http() as http:
        issuer.redirect_uri = origin + COME_BACK
        registration = Registration(
            issuer.url, issuer.client_id, issuer.client_secret, tenant, "the Shop's login", issuer.redirect_uri
        )
        sign_on = SingleSignOn(http, dataclasses.replace(registration, **changes))  # type: ignore[arg-type]
        settings = dataclasses.replace(SETTINGS, public_url=origin)
        async with serving(context, settings, port, sign_on):
            yield Shop(origin, issuer, sign_on)
