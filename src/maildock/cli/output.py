"""What commands print: objects for programs, lines for people, progress for those who wait."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

PIPE_WIDTH = 100_000


def plain(value: str | None) -> str | None:
    """Read an argument as UTF-8, whatever the locale; refuse anything else, for no name and no id is that."""
    try:
        return None if value is None else os.fsencode(value).decode()
    except UnicodeDecodeError as problem:
        raise typer.BadParameter("this is not UTF-8") from problem


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
OfTenant = Annotated[
    str | None, typer.Option("--tenant", metavar="T", help="Only this tenant: its id or name.", callback=plain)
]
ForTenant = Annotated[str, typer.Option("--tenant", metavar="T", help="The tenant: its id or name.", callback=plain)]


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object on a line of its own; what the stream cannot encode is written as JSON's own escapes."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        line = json.dumps(value)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def print_one(value: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one object: as JSON, or a line for each of its values, those of objects within it by dotted names."""
    if as_json:
        print_json(value)
        return
    lines = dict(_lines("", value))
    width = max(map(len, lines), default=0)
    for name, item in lines.items():
        sys.stdout.write(f"{name.ljust(width)}  {printable(item)}\n")


def _lines(prefix: str, value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping):
        yield prefix, value
        return
    for name, item in value.items():
        yield from _lines(f"{prefix}.{name}" if prefix else name, item)


def print_all(values: Iterable[Mapping[str, Any]], columns: Iterable[str], *, as_json: bool) -> None:
    """Print objects: as JSON one a line, or as a table of `columns`."""
    if as_json:
        for value in values:
            print_json(value)
        return
    table = Table(*columns, box=None, pad_edge=False)
    for value in values:
        table.add_row(*(escape(printable(value[column])) for column in columns))
    # Whoever reads a pipe wants every letter.
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def say(message: str) -> None:
    """Tell a person something in a line on standard error."""
    sys.stderr.write(f"{printable(message)}\n")


def printable(value: object) -> str:
    """Write a value on one line: a name from a mail must not move the cursor of the terminal that shows it."""
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


@contextlib.contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[], None]]:
    """Show how far long work has come, on a terminal; gives a function to call after each step."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def rfc3339(moment: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC, with a `Z`."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
