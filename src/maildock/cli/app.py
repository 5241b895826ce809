"""The command line as a whole."""

from typing import Annotated

import typer

from maildock import __version__
from maildock.cli import attachments, emails, providers, tenants, tokens, users
from maildock.cli.demo import demo
from maildock.cli.doctor import SETTINGS, doctor
from maildock.cli.fsck import fsck
from maildock.cli.ingest import ingest
from maildock.cli.migrate import migrate
from maildock.cli.service import up, web, worker

app = typer.Typer(
    name="maildock",
    help="Turns inbound mail into tickets, and every file in that mail into a document on the right ticket.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"maildock {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


for command in (up, demo, web, worker, migrate, ingest, fsck):
    app.command()(command)
app.command(epilog=SETTINGS)(doctor)
app.add_typer(tenants.app, name="tenants")
app.add_typer(users.app, name="users")
app.add_typer(tokens.app, name="tokens")
app.add_typer(providers.app, name="providers")
app.add_typer(emails.app, name="emails")
app.add_typer(attachments.app, name="attachments")
