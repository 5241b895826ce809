"""A local Microsoft Graph: mailboxes, tokens, notifications and faults, over a real socket.

    async with GraphServer() as graph:
        message = graph.mailbox("desk@shop.example").deliver(mail().attach("a.pdf", data))
        graph.fault("/$value", times=2, kind="cut", after=1000)

It plays Graph and the authority that gives out tokens, at one origin: `graph.url`. By hand:
`python -m tests.servers.graph --port 9999`; a raw mail put to `/-/deliver/{address}` is delivered there, and a fault
posted to `/-/fault` as `{"match", "times", "kind", …}` happens.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import NamedTuple

from aiohttp import web

from tests.servers.faults import Fault
from tests.servers.local import LocalServer, arguments, line, run, say_and_wait
from tests.servers.microsoft.delta import Deltas
from tests.servers.microsoft.faults import REFUSALS, FaultKind
from tests.servers.microsoft.mailbox import GraphMailbox
from tests.servers.microsoft.push import Push
from tests.servers.microsoft.query import Ask, Prefer, segments
from tests.servers.microsoft.replies import GraphError, InvalidRequest
from tests.servers.microsoft.routes import answer_mailbox, unknown_path
from tests.servers.microsoft.subscriptions import Subscriptions
from tests.servers.microsoft.throttle import Throttle, Traffic
from tests.servers.microsoft.tokens import Authority
from tests.servers.microsoft.webhooks import Webhooks
from tests.servers.replies import Reply, as_json
from tests.servers.sending import send


class Seen(NamedTuple):
    """A request that was answered; `immutable` says whether it preferred immutable ids."""

    method: str
    target: str
    immutable: bool
    status: int


class GraphServer(LocalServer[FaultKind]):
    """The server; its state may be looked at and changed while it runs.

    Its parts are open to tests: `authority` (tokens, secrets), `throttle`, `faults`, `subscriptions`, `push`
    (notifications), `webhooks` (deliveries), `requests` (what was asked). `link_origin` replaces the origin of every
    link that it gives out, to see whether a client follows it elsewhere; with `last_page_leads_back` lists have no end.
    """

    def __init__(self, port: int = 0, *, tls: bool = False) -> None:
        super().__init__(port, REFUSALS, tls=tls)
        self._mailboxes: dict[str, GraphMailbox] = {}
        self.link_origin: str | None = None
        self.last_page_leads_back = False
        self.requests: list[Seen] = []
        self.throttle = Throttle()
        self.authority = Authority(self.now)
        self.client_id, self.client_secret = self.authority.add_application()
        self.deltas = Deltas()
        self.webhooks = Webhooks()
        self.subscriptions = Subscriptions(self.find, self.now, self.webhooks)
        self.push = Push(self.subscriptions, self.webhooks, self.directory_id)

    @property
    def directory_id(self) -> str:
        """The directory that the application and the mailboxes belong to."""
        return self.authority.directory_id

    def mailbox(self, address: str) -> GraphMailbox:
        """Give a mailbox; the first time it is made."""
        if address.lower() not in self._mailboxes:
            self._mailboxes[address.lower()] = GraphMailbox(address, self.push.arrived)
        return self._mailboxes[address.lower()]

    def remove_mailbox(self, address: str) -> None:
        """Delete a mailbox: whatever is asked of it is 404 from now on."""
        self.subscriptions.end_of(self._mailboxes.pop(address.lower()))

    def traffic(self, address: str, client_id: str = "") -> Traffic:
        """Give what was counted for a mailbox, its `peak` of requests at once above all."""
        return self.throttle.traffic(client_id or self.client_id, address.lower())

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.post("/{directory}/oauth2/v2.0/token", self._token),
            web.route("*", "/v1.0/{rest:.*}", self._graph),
        ]

    def _put(self, address: str, raw: bytes) -> str:
        return self.mailbox(address).deliver(raw).immutable_id

    async def _close(self) -> None:
        await self.push.close()
        await self.webhooks.close()

    async def _token(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take(line(request))
        form = {name: str(value) for name, value in (await request.post()).items()}
        scopes = frozenset({f"{self.url}/.default", f"{self.url}/.default".replace("127.0.0.1", "localhost")})
        try:
            if fault is not None:
                await fault.refuse()
            address = f"{self.url}{request.path}"
            reply = self.authority.token(request.match_info["directory"], form, scopes, address)
        except GraphError as error:
            reply = error.reply()
        return await send(request, fault.replace(reply) if fault else reply, fault)

    async def _graph(self, request: web.Request) -> web.StreamResponse:
        prefer = Prefer(", ".join(request.headers.getall("Prefer", [])))
        fault = None
        with ExitStack() as stack:
            try:
                ask = await self._ask(request, prefer)
                mailbox = self._mailbox_of(ask)
                if mailbox is not None:
                    stack.enter_context(self.throttle.entered(ask.client_id, mailbox.address.lower()))
                fault = self.faults.take(line(request))
                reply = await self._answered(ask, mailbox, fault)
            except GraphError as error:
                reply = error.reply(request.headers.get("client-request-id", ""))
            self.requests.append(Seen(request.method, request.path_qs, prefer.immutable, reply.status))
            return await send(request, reply, fault)

    async def _ask(self, request: web.Request, prefer: Prefer) -> Ask:
        client_id = self.authority.client(request.headers.get("Authorization", ""))
        options = {name.lower() if name.startswith("$") else name: value for name, value in request.query.items()}
        path = request.rel_url.raw_path
        below = segments(path.removeprefix("/v1.0"))
        origin = self.link_origin or self.url
        body = await request.read()
        return Ask(request.method, path, below, options, prefer, origin, client_id, body, self.last_page_leads_back)

    def _mailbox_of(self, ask: Ask) -> GraphMailbox | None:
        if ask.segments[0] == "me":
            raise InvalidRequest("/me request is only valid with delegated authentication flow.")
        if ask.segments[0] != "users" or len(ask.segments) < 2:
            return None
        return self.find(ask.segments[1])

    def find(self, user: str) -> GraphMailbox:
        """Find a mailbox by its address or its user's id; one that does not exist or was deleted is 404."""
        for mailbox in self._mailboxes.values():
            if user.lower() in {mailbox.address.lower(), mailbox.user_id}:
                return mailbox
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{user}' is invalid.")

    async def _answered(self, ask: Ask, mailbox: GraphMailbox | None, fault: Fault | None) -> Reply:
        if fault is not None:
            await fault.refuse()
        reply = await self._true_answer(ask, mailbox)
        return fault.replace(reply) if fault else reply

    async def _true_answer(self, ask: Ask, mailbox: GraphMailbox | None) -> Reply:
        if mailbox is not None:
            return answer_mailbox(ask, mailbox, self.deltas)
        if ask.segments[0] != "subscriptions":
            raise unknown_path(ask)
        if (ask.method, *ask.segments[1:]) != ("POST",):
            return self.subscriptions.answer(ask)
        made = await self.subscriptions.create(ask)
        await self.push.before_created(made)
        return as_json(made.as_json(), 201)


async def serve(port: int, *, tls: bool) -> None:
    """Serve until interrupted; say where and with what credentials in one line of JSON."""
    async with GraphServer(port, tls=tls) as graph:
        names = ("url", "directory_id", "client_id", "client_secret", "trusted")
        facts = {name: getattr(graph, name) for name in names}
        await say_and_wait(facts)


def main() -> None:
    """Read the command line, and serve."""
    options = arguments("A local Microsoft Graph.").parse_args()
    run(lambda: serve(options.port, tls=options.tls))


if __name__ == "__main__":
    main()
