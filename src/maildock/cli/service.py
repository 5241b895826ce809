"""`maildock up`, `web` and `worker`: what keeps running.

The web is imported by those commands alone that serve it: it takes longer to import than most others take to run.
"""

import contextlib
import logging
from typing import Annotated

import typer

from maildock import wiring
from maildock.cli.house import database, load, run_until_stopped, stop_on_signals
from maildock.cli.output import AsJson
from maildock.domain.errors import MaildockError
from maildock.settings import Settings
from maildock.worker.worker import Worker

DEFAULT_PORT = 8484

Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.")]


def up(
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Leave the work to other processes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run everything: migrations, web and worker, until interrupted."""
    with _stopped_is_done():
        from maildock.cli.serving import Roles, announce_first_run, serve  # noqa: PLC0415

        serve(load(logging.INFO), Roles(host, port, worker=not no_worker, migrate=True), announce_first_run, as_json)


def web(host: Host = "127.0.0.1", port: Port = DEFAULT_PORT, as_json: AsJson = False) -> None:
    """Run the web server alone, until interrupted."""
    with _stopped_is_done():
        from maildock.cli.serving import Roles, announce_url, serve  # noqa: PLC0415

        serve(load(logging.INFO), Roles(host, port, worker=False, migrate=False), announce_url, as_json)


def worker(
    drain: Annotated[bool, typer.Option("--drain", help="Stop when nothing is due and no claim is open.")] = False,
) -> None:
    """Run a worker, until interrupted."""
    settings = load(logging.INFO)
    with contextlib.nullcontext() if drain else _stopped_is_done(), database(settings) as where:
        run_until_stopped(_work(settings, where, drain=drain))


def _stopped_is_done() -> contextlib.AbstractContextManager[None]:
    """Let what is told to stop before it has begun end well; who is to drain has then not done so."""
    return contextlib.suppress(KeyboardInterrupt)


async def _work(settings: Settings, where: wiring.Dsns, *, drain: bool) -> None:
    stop = stop_on_signals()
    async with wiring.open_context(settings, where) as context:
        if not drain:
            await Worker(context).run(stop)
            return
        await Worker(context).drain(stop)
    if stop.is_set():
        raise MaildockError("stopped before everything was done")
