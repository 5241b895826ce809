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

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from aiohttp import web

from tests.servers.faults import Fault
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
from tests.servers.local import LocalServer, arguments, line, run, say_and_wait
from tests.servers.replies import Reply, as_json
from tests.servers.sending import send

ROOT = "/gmail/v1/users/"


class Seen(NamedTuple):
    """A request that was answered; `mailbox` is the one that its token opens."""

    method: str
    target: str
    status: int
    mailbox: str = ""


class GmailServer(LocalServer[FaultKind]):
    """The server; its state may be looked at and changed while it runs.

    Its parts are open to tests: `authority` (tokens, accounts), `account` (the service account, whose file is
    `account_file`), `throttle`, `faults`, `style` (what may be written either way), `push`, `keys` (that sign pushes),
    `requests` (what was asked), `lies` (what is answered to requests whose "METHOD /path?query" contains the key).
    """

    def __init__(self, port: int = 0, *, tls: bool = False) -> None:
        super().__init__(port, REFUSALS, tls=tls)
        self._mailboxes: dict[str, GmailMailbox] = {}
        self.requests: list[Seen] = []
        self.lies: dict[str, bytes] = {}
        self.throttle = Throttle()
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

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.post("/token", self._token),
            web.get("/oauth2/v3/certs", self._certificates),
            web.get("/oauth2/v1/certs", self._certificates),
            web.post("/-/subscribe", self._subscribe),
            web.route("*", ROOT + "{user}/{rest:.*}", self._gmail),
        ]

    def _put(self, address: str, raw: bytes) -> str:
        return self.mailbox(address).deliver(raw).message_id

    async def _close(self) -> None:
        await self.push.close()

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        return await self._sent(request, lambda: self.authority.token(form, frozenset({self.token_url})))

    async def _certificates(self, request: web.Request) -> web.StreamResponse:
        return await self._sent(request, self.keys.jwks if "/v3/" in request.path else self.keys.x509)

    async def _sent(self, request: web.Request, answered: Callable[[], Reply]) -> web.StreamResponse:
        fault = self.faults.take(line(request))
        try:
            if fault is not None:
                await fault.refuse()
            reply = answered()
        except GoogleError as error:
            reply = error.reply()
        self.requests.append(Seen(request.method, request.path_qs, reply.status))
        return await send(request, fault.replace(reply) if fault else reply, fault)

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
                fault = self.faults.take(line(request))
                reply = self._lie(request) or await self._answered(ask, mailbox, fault)
            except GoogleError as error:
                reply = error.reply()
            self.requests.append(Seen(request.method, request.path_qs, reply.status, subject))
            return await send(request, reply, fault)

    def _lie(self, request: web.Request) -> Reply | None:
        told = (body for match, body in self.lies.items() if match in line(request))
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


async def serve(port: int, address: str, *, tls: bool) -> None:
    """Serve until interrupted; say where and with what credentials in one line of JSON."""
    async with GmailServer(port, tls=tls) as gmail:
        mailbox = gmail.mailbox(address)
        names = ("url", "token_url", "account_file", "client_id", "client_secret", "trusted")
        facts = {name: getattr(gmail, name) for name in names}
        facts |= {"address": mailbox.address, "refresh_token": gmail.refresh_token(address), "topic": TOPIC}
        await say_and_wait(facts)


def main() -> None:
    """Read the command line, and serve."""
    parser = arguments("A local Gmail.")
    parser.add_argument("--mailbox", default="desk@shop.example")
    options = parser.parse_args()
    run(lambda: serve(options.port, options.mailbox, tls=options.tls))


if __name__ == "__main__":
    main()
