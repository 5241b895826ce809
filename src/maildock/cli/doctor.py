"""`maildock doctor`: what is set, what runs, what is wrong and how to mend it."""

import asyncio
import platform
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import typer

from maildock import __version__, wiring
from maildock import settings as settings_module
from maildock.cli import logs
from maildock.cli.output import AsJson, print_json
from maildock.domain.errors import MaildockError
from maildock.embedded.database import EmbeddedDatabase
from maildock.migrations import runner
from maildock.settings import Settings

_SECRET = {"secret_key", "metrics_token"}
_URLS = {"database_url", "app_database_url", "sweep_database_url"}
MOST_CLOCK_SECONDS = 5.0

Step = dict[str, Any]


def doctor(as_json: AsJson = False) -> None:
    """Show the settings in force and try what maildock needs; exit 1 when something is wrong.

    Settings are read from the environment and from a `.env` file in the working folder.
    """
    settings = settings_module.load()
    logs.configure(settings.effective_log_format)
    shown = _settings(settings)
    steps = list(_steps(settings))
    if as_json:
        print_json({"version": __version__, "settings": shown, "steps": steps})
    else:
        typer.echo(f"maildock {__version__}, Python {platform.python_version()}\n")
        for name, value in shown.items():
            typer.echo(f"{name}={'' if value is None else value}")
        typer.echo("")
        for step in steps:
            remedy = f" → {step['remedy']}" if step["remedy"] else ""
            typer.echo(f"{'ok   ' if step['ok'] else 'WRONG'} {step['step']}: {step['detail']}{remedy}")
    if not all(step["ok"] for step in steps):
        raise typer.Exit(1)


def _settings(settings: Settings) -> dict[str, str | None]:
    shown: dict[str, str | None] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is not None and name in _SECRET:
            text: str | None = "(set)"
        elif value is not None and name in _URLS:
            text = _without_password(value)
        elif isinstance(value, tuple):
            text = ",".join(value)
        else:
            text = None if value is None else str(value)
        shown[settings_module.PREFIX + name.upper()] = text
    return shown


def _without_password(url: str) -> str:
    known = psycopg.conninfo.conninfo_to_dict(url)
    return psycopg.conninfo.make_conninfo("", **{**known, "password": "(set)"} if known.get("password") else known)


def _steps(settings: Settings) -> Iterator[Step]:
    try:
        with wiring.database_server(settings) as owner:
            yield _ok("database", _where(settings, owner))
            yield _clock(owner)
            yield _schema(owner)
            yield from asyncio.run(_inside(settings, wiring.dsns(settings, owner)))
    except (MaildockError, psycopg.OperationalError) as problem:
        remedy = "see MAILDOCK_DATABASE_URL" if settings.database_url else "see MAILDOCK_DATA_DIR"
        yield _wrong("database", " ".join(str(problem).split()), remedy)


def _where(settings: Settings, owner: str) -> str:
    with psycopg.connect(owner, autocommit=True) as connection:
        version = connection.info.parameter_status("server_version")
    if settings.database_url:
        return f"PostgreSQL {version}"
    return f"PostgreSQL {version}, embedded in {EmbeddedDatabase(wiring.prepare_data_dir(settings)).location}"


def _clock(owner: str) -> Step:
    with psycopg.connect(owner, autocommit=True) as connection:
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    apart = abs(time.time() - float(row[0] if row else 0))
    if apart > MOST_CLOCK_SECONDS:
        return _wrong("clock", f"this machine and the database are {apart:.0f} s apart", "synchronise both clocks")
    return _ok("clock", f"within {MOST_CLOCK_SECONDS:.0f} s of the database's")


def _schema(owner: str) -> Step:
    found, newest = runner.current(owner), runner.newest()
    if found != newest:
        return _wrong("schema", f"is {found or 'not there'}, the newest is {newest}", "maildock migrate")
    return _ok("schema", f"{newest}, the newest")


async def _inside(settings: Settings, where: wiring.Dsns) -> list[Step]:
    steps: list[Step] = []
    async with wiring.open_context(settings, where) as context:
        for name, trial, good in (
            ("roles", context.database.ping, "the unprivileged roles may log in"),
            ("storage", context.store.check, settings.effective_storage_url),
        ):
            try:
                await trial()
            except MaildockError as problem:
                steps.append(_wrong(name, str(problem), None))
            else:
                steps.append(_ok(name, good))
    return steps


def _ok(step: str, detail: str) -> Step:
    return {"step": step, "ok": True, "detail": detail, "remedy": None}


def _wrong(step: str, detail: str, remedy: str | None) -> Step:
    return {"step": step, "ok": False, "detail": detail, "remedy": remedy}
