"""A local Gmail: mailboxes, tokens, pushes and faults, over a real socket.

    async with GmailServer() as gmail:
        message = gmail.mailbox("desk@shop.example").deliver(mail().attach("a.pdf", data))
        gmail.fault("/attachments/", times=2, kind="cut", after=1000)

It plays the Gmail API, the endpoint that gives out tokens (`/token`), the addresses of Google's certificates, and
Pub/Sub, all at one origin: `gmail.url`. By hand: `python -m tests.servers.gmail --port 9999`. A raw mail put to
`/-/deliver/{address}` is delivered there; a fault posted to `/-/fault` as `{"match", "times", "kind", …}` happens; what
watches tell is pushed to whom `{"endpoint", "audience", "email"}` posted to `/-/subscribe` names.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import unquote

from aiohttp import web

from tests.servers.certificate import server_context
from tests.servers.faults import Fault, Faults
from tests.servers.google.accounts import READING, ServiceAccount
from tests.servers.google.authority import Access, Authority
from tests.servers.google.faults import REFUSALS, FaultKind, refused
from tests.servers.google.keys import SigningKeys
from tests.servers.google.mailbox import GmailMailbox
from tests.servers.google.push import TOPIC, Push
from tests.servers.google.query import Ask
from tests.servers.google.replies import GoogleError
from tests.servers.google.routes import answer, call
from tests.servers.google.style import Style
from tests.servers.google.throttle import Throttle, Traffic
from tests.servers.replies import Reply, as_json
from tests.servers.sending import send

MAX_BODY = 512 << 20
ROOT = "/gmail/v1/users/"


class Seen(NamedTuple):
    """A request that was answered; `mailbox` is the one that its token opens."""

    method: str
    target: str
    status: int
    mailbox: str = ""


class GmailServer:
    """The server; its state may be looked at and changed while it runs.

    Its parts are open to tests: `authority` (tokens, accounts), `account` (the service account, whose file is
    `account_file`), `throttle`, `faults`, `style` (what may be written either way), `push`, `keys` (that sign pushes),
    `requests` (what was asked), `lies` (what is answered to requests whose "METHOD /path?query" contains the key).
    """

    def __init__(self, port: int = 0, *, tls: bool = False) -> None:
        self._port = port
        self._tls = tls
        self._stack = ExitStack()
        self._folder = Path()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        self._offset = timedelta()
        self._mailboxes: dict[str, GmailMailbox] = {}
        self.url = ""
        self.trusted: Path | None = None
        self.requests: list[Seen] = []
        self.lies: dict[str, bytes] = {}
        self.throttle = Throttle()
        self.faults = Faults(REFUSALS)
        self.style = Style()
        self.keys = SigningKeys(self.now)
        self.push = Push(self.keys, self.now)
        self.authority = Authority(self.now, lambda address: address.lower() in self._mailboxes)
        self.account: ServiceAccount = self.authority.add_service_account()
        self.client_id, self.client_secret = self.authority.add_client()

    @property
    def token_url(self) -> str:
        """Where tokens are asked for, and the audience of an assertion."""
        return f"{self.url}/token"

    @property
    def account_file(self) -> Path:
        """The service account's file, written when it is first asked for."""
        path = self._folder / "service-account.json"
        if not path.exists():
            path.write_text(json.dumps(self.account.file(self.url), indent=2))
        return path

    def now(self) -> datetime:
        """The server's time."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Let time pass at once: tokens and watches grow old."""
        self._offset += by

    def mailbox(self, address: str) -> GmailMailbox:
        """Give a mailbox; the first time it is made."""
        if address.lower() not in self._mailboxes:
            self._mailboxes[address.lower()] = GmailMailbox(address, self.now, self.push.happened)
        return self._mailboxes[address.lower()]

    def remove_mailbox(self, address: str) -> None:
        """Delete a mailbox: it gets no token any more, and what is asked with an old one is refused."""
        del self._mailboxes[address.lower()]

    def refresh_token(self, address: str) -> str:
        """Let the mailbox's user consent; gives a refresh token for the client."""
        return self.authority.consent(self.client_id, address)

    def traffic(self, address: str) -> Traffic:
        """Give what was counted for a mailbox: `peak` of requests at once, `units` and `peak_units` of its quota."""
        return self.throttle.traffic(address.lower())

    def fault(
        self,
        match: str,
        times: int = 1,
        kind: FaultKind = "unavailable",
        *,
        retry_after: int | None = None,
        seconds: float = 0.0,
        after: int = 0,
    ) -> Fault:
        """Let the next `times` requests whose "METHOD /path?query" contains `match` go wrong."""
        return self.faults.add(match, times, kind, retry_after=retry_after, seconds=seconds, after=after)

    async def __aenter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        await self._runner.setup()
        context = None
        if self._tls:
            context, self.trusted = server_context(self._folder)
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=context).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.push.close()
        await self._runner.cleanup()
        self._stack.close()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/token", self._token)
        app.router.add_get("/oauth2/v3/certs", self._certificates)
        app.router.add_get("/oauth2/v1/certs", self._certificates)
        app.router.add_put("/-/deliver/{address}", self._deliver)
        app.router.add_post("/-/fault", self._add_fault)
        app.router.add_post("/-/subscribe", self._subscribe)
        app.router.add_route("*", ROOT + "{user}/{rest:.*}", self._gmail)
        return app

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        return await self._sent(request, lambda: self.authority.token(form, frozenset({self.token_url})))

    async def _certificates(self, request: web.Request) -> web.StreamResponse:
        return await self._sent(request, self.keys.jwks if "/v3/" in request.path else self.keys.x509)

    async def _sent(self, request: web.Request, answered: Callable[[], Reply]) -> web.StreamResponse:
        fault = self.faults.take(_line(request))
        try:
            if fault is not None:
                await fault.refuse()
            reply = answered()
        except GoogleError as error:
            reply = error.reply()
        self.requests.append(Seen(request.method, request.path_qs, reply.status))
        return await send(request, fault.replace(reply) if fault else reply, fault)

    async def _deliver(self, request: web.Request) -> web.StreamResponse:
        message = self.mailbox(request.match_info["address"]).deliver(await request.read())
        return await send(request, as_json({"id": message.message_id}, 201), None)

    async def _add_fault(self, request: web.Request) -> web.StreamResponse:
        fault = self.fault(**await request.json())
        return await send(request, as_json({"match": fault.match, "kind": fault.kind}, 201), None)

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        subscription = self.push.subscribe(**await request.json())
        return await send(request, as_json(asdict(subscription), 201), None)

    async def _gmail(self, request: web.Request) -> web.StreamResponse:
        fault, subject = None, ""
        with ExitStack() as stack:
            try:
                ask = await _ask(request)
                access = self.authority.access(request.headers.get("Authorization", ""))
                subject = access.subject
                mailbox = self._opened(access, unquote(request.match_info["user"]))
                stack.enter_context(self.throttle.entered(mailbox.address.lower(), call(ask)))
                fault = self.faults.take(_line(request))
                reply = self._lie(request) or await self._answered(ask, mailbox, fault)
            except GoogleError as error:
                reply = error.reply()
            self.requests.append(Seen(request.method, request.path_qs, reply.status, subject))
            return await send(request, reply, fault)

    def _lie(self, request: web.Request) -> Reply | None:
        told = (body for match, body in self.lies.items() if match in _line(request))
        return next((Reply(body=body, streamed=True) for body in told), None)

    def _opened(self, access: Access, user: str) -> GmailMailbox:
        if not access.scopes & READING:
            raise refused("insufficient")
        if user != "me" and user.lower() != access.subject:
            raise refused("denied")
        mailbox = self._mailboxes.get(access.subject)
        if mailbox is None:
            raise refused("no_mail")
        if mailbox.refused:
            raise refused(mailbox.refused)
        return mailbox

    async def _answered(self, ask: Ask, mailbox: GmailMailbox, fault: Fault | None) -> Reply:
        if fault is not None:
            await fault.refuse()
        content = answer(ask, mailbox, self.style, self.push)
        headers = {"Cache-Control": "private", "Vary": "Origin, X-Origin, Referer"}
        reply = Reply(
            body=self.style.json(content, pretty=ask.option("prettyPrint") != "false"), headers=headers, streamed=True
        )
        return fault.replace(reply) if fault else reply


async def _ask(request: web.Request) -> Ask:
    raw = request.rel_url.raw_path.removeprefix(ROOT).split("/")[1:]
    options = {name: request.query.getall(name) for name in request.query}
    return Ask(request.method, tuple(map(unquote, raw)), options, await request.read())


def _line(request: web.Request) -> str:
    return f"{request.method} {unquote(request.path_qs)}"


async def serve(port: int, address: str, *, tls: bool) -> None:
    """Serve until interrupted; say where and with what credentials in one line of JSON."""
    async with GmailServer(port, tls=tls) as gmail:
        mailbox = gmail.mailbox(address)
        names = ("url", "token_url", "account_file", "client_id", "client_secret", "trusted")
        facts = {name: getattr(gmail, name) for name in names}
        facts |= {"address": mailbox.address, "refresh_token": gmail.refresh_token(address), "topic": TOPIC}
        sys.stdout.write(json.dumps(facts, default=str) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line, and serve."""
    parser = argparse.ArgumentParser(description="A local Gmail.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--mailbox", default="desk@shop.example")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, options.mailbox, tls=options.tls))


if __name__ == "__main__":
    main()
