"""Serve: the web, and the worker beside it, on one socket until a signal comes."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import uvicorn

from maildock import wiring
from maildock.cli.first_run import first_run
from maildock.cli.house import House, database, run_until_stopped, stop_on_signals
from maildock.cli.output import print_json, say
from maildock.domain.errors import MaildockError, UsageError
from maildock.settings import Settings
from maildock.web.app import WebSettings, create_app
from maildock.web.server import Server
from maildock.worker.worker import Worker

# What a service tells its starter once it serves: called with its URL, gives the line for --json.
Announce = Callable[[House, str], Awaitable[dict[str, Any]]]


_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Roles:
    """What a service does, and where it listens."""

    host: str
    port: int
    worker: bool
    migrate: bool


def serve(settings: Settings, roles: Roles, announce: Announce, as_json: bool) -> None:
    """Listen, print where, and serve until a signal comes."""
    with (
        contextlib.closing(_listen(roles)) as listener,
        database(settings, migrate=roles.migrate) as where,
    ):
        run_until_stopped(_serve(settings, where, roles, listener, announce, as_json=as_json))


def _listen(roles: Roles) -> socket.socket:
    family = socket.AF_INET6 if ":" in roles.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((roles.host, roles.port))
        # Now, for two that are only bound do not disturb each other; whoever connects early waits a moment.
        listener.listen(_BACKLOG)
    except (OSError, UnicodeError) as problem:
        listener.close()
        why = problem.strerror if isinstance(problem, OSError) else "that is no host"
        raise UsageError(
            f"cannot listen on {roles.host}:{roles.port}: {why}; name another with --host and --port"
        ) from problem
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


async def _serve(
    settings: Settings,
    where: wiring.Dsns,
    roles: Roles,
    listener: socket.socket,
    announce: Announce,
    *,
    as_json: bool,
) -> None:
    stop = stop_on_signals()
    async with wiring.open_context(settings, where) as context, wiring.open_sign_on(settings) as sign_on:
        app = create_app(context, _web_settings(settings), sign_on)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        server = Server(app, config)
        tasks = [asyncio.create_task(server.serve(sockets=[listener]))]
        if roles.worker:
            tasks.append(asyncio.create_task(Worker(context).run(stop)))
        stopped = asyncio.create_task(stop.wait())
        try:
            await _started(server, tasks[0])
            await _say_where(House(settings, where, context), _url(listener), announce, as_json=as_json)
            await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            server.should_exit = True
            await asyncio.gather(*tasks, stopped)


def _web_settings(settings: Settings) -> WebSettings:
    keys = wiring.secret_keys(settings)
    return WebSettings(keys, settings.public_url, settings.metrics_token, wiring.provider_origins(settings))


async def _started(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    while not server.started:
        if serving.done():
            raise MaildockError("the web server stopped before it had started")
        await asyncio.sleep(0.01)


async def _say_where(house: House, url: str, announce: Announce, *, as_json: bool) -> None:
    # What /readyz would say: nobody is sent to a service that cannot serve.
    await house.context.database.ping()
    await house.context.store.check()
    line = await announce(house, url)
    if as_json:
        print_json(line)
        return
    say(f"maildock serves at {line.get('ticket_url') or url}")
    if line.get("admin"):
        say(f"log in as {line['admin']['email']} with the password {line['admin']['password']} (shown only now)")


async def announce_first_run(house: House, url: str) -> dict[str, Any]:
    """Make what a first run makes, and tell its login."""
    tenant, admin = await first_run(house.context.database)
    return {"url": url, "tenant": str(tenant), "admin": admin}


async def announce_url(_house: House, url: str) -> dict[str, Any]:
    """Tell where the service is."""
    return {"url": url}
