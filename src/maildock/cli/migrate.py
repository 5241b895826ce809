"""`maildock migrate`."""

from typing import Annotated

import typer

from maildock import wiring
from maildock.cli.house import load
from maildock.cli.output import say
from maildock.migrations import runner


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the schema is the newest.")] = False,
) -> None:
    """Bring the database to the newest schema."""
    with wiring.database_server(load()) as owner:
        before = runner.current(owner)
        if check:
            if before != runner.newest():
                say(f"the schema is {before or 'not there'}, the newest is {runner.newest()}; run `maildock migrate`")
                raise typer.Exit(1)
            return
        runner.migrate(owner)
    say(f"the schema is {runner.newest()}" + ("" if before == runner.newest() else f", it was {before or 'not there'}"))
