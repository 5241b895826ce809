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
from maildock.access.tenants import find_tenant
from maildock.cli import logs
from maildock.cli.output import AsJson, print_json
from maildock.domain.errors import MaildockError, UsageError
from maildock.embedded.database import EmbeddedDatabase
from maildock.migrations import runner
from maildock.settings import Settings
from maildock.sign_on.refusals import IssuerAway, SignOnRefused
from maildock.storage.factory import open_store
from maildock.tables.session import Database

_SECRET = {"secret_key", "metrics_token", "oidc_client_secret"}
_URLS = {"database_url", "app_database_url", "sweep_database_url"}
MOST_CLOCK_SECONDS = 5.0

# At the end of --help: each setting with what it means.
SETTINGS = "\b\n" + "\n".join(
    f"{settings_module.PREFIX}{name.upper()}\n    {field.description}" for name, field in Settings.model_fields.items()
)

Step = dict[str, Any]


def doctor(as_json: AsJson = False) -> None:
    """Show the settings in force and try what maildock needs; exit 1 when something is wrong.

    Settings are read from the environment and from a `.env` file in the working folder.
    """
    settings = settings_module.load()
    wiring.provider_origins(settings)
    logs.configure(settings.effective_log_format)
    shown = _settings(settings)
    steps = list(_steps(settings))
    if as_json:
        print_json({"version": __version__, "python": platform.python_version(), "settings": shown, "steps": steps})
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
    return {settings_module.PREFIX + name.upper(): _shown(settings, name) for name in Settings.model_fields}


def _shown(settings: Settings, name: str) -> str | None:
    value = {
        "storage_url": settings.effective_storage_url,
        "log_format": settings.effective_log_format,
    }.get(name, getattr(settings, name))
    if value is None:
        return None
    if name in _SECRET:
        return "(set)"
    if name in _URLS:
        return _masked(value)
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _masked(url: str) -> str:
    known = psycopg.conninfo.conninfo_to_dict(url)
    secrets = {name: "(set)" for name in known if "password" in name and name != "passfile"}
    return psycopg.conninfo.make_conninfo("", **{**known, **secrets})


def _steps(settings: Settings) -> Iterator[Step]:
    yield from _of_database(settings)
    yield asyncio.run(_storage(settings))
    if settings.oidc_issuer:
        yield asyncio.run(_issuer(settings))


def _of_database(settings: Settings) -> Iterator[Step]:
    try:
        with wiring.database_server(settings) as owner:
            yield _ok("database", _where(settings, owner))
            yield _clock(owner)
            found, newest = runner.current(owner), runner.newest()
            yield _schema(settings, found, newest)
            # Migrating makes the roles.
            if found == newest:
                yield _roles(wiring.dsns(settings, owner))
                if settings.oidc_tenant:
                    yield asyncio.run(_oidc_tenant(wiring.dsns(settings, owner), settings.oidc_tenant))
    except (MaildockError, psycopg.Error, OSError) as problem:
        remedy = "is it running? see MAILDOCK_DATABASE_URL" if settings.external else "see MAILDOCK_DATA_DIR"
        yield _wrong("database", " ".join(str(problem).split()), remedy)


def _where(settings: Settings, owner: str) -> str:
    with psycopg.connect(owner, autocommit=True, connect_timeout=10) as connection:
        version = connection.info.parameter_status("server_version")
    if settings.external:
        return f"PostgreSQL {version}"
    return f"PostgreSQL {version}, embedded in {EmbeddedDatabase(wiring.prepare_data_dir(settings)).location}"


def _clock(owner: str) -> Step:
    with psycopg.connect(owner, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    apart = abs(time.time() - float(row[0] if row else 0))
    if apart > MOST_CLOCK_SECONDS:
        return _wrong("clock", f"this machine and the database are {apart:.0f} s apart", "synchronise both clocks")
    return _ok("clock", f"within {MOST_CLOCK_SECONDS:.0f} s of the database's")


def _schema(settings: Settings, found: str | None, newest: str) -> Step:
    if found == newest:
        return _ok("schema", f"{newest}, the newest")
    shown = f"is {found or 'not there'}, the newest is {newest}"
    if found and found > newest:
        return _wrong("schema", shown, "use the maildock that made it")
    if settings.external:
        return _wrong("schema", shown, "maildock migrate")
    return _ok("schema", f"{shown}; the next command brings it there")


def _roles(where: wiring.Dsns) -> Step:
    for name, dsn in (("APP", where.app), ("SWEEP", where.sweep)):
        setting = f"MAILDOCK_{name}_DATABASE_URL"
        try:
            with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
                row = connection.execute(
                    "SELECT current_user::text, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
        except psycopg.Error as problem:
            return _wrong("roles", " ".join(str(problem).split()), f"see {setting}")
        if row and row[1]:
            detail = f"{row[0]} is not bound by row level security"
            return _wrong("roles", detail, f"set {setting} to a role that is neither superuser nor BYPASSRLS")
    return _ok("roles", "both may log in, and are bound by row level security")


async def _storage(settings: Settings) -> Step:
    url = settings.effective_storage_url
    try:
        store, _ = open_store(url)
        await store.check()
    except MaildockError as problem:
        detail, _, remedy = str(problem).rpartition(": ")
        return _wrong("storage", detail or remedy, remedy if detail else None)
    return _ok("storage", url)


async def _oidc_tenant(where: wiring.Dsns, wanted: str) -> Step:
    async with Database(where.app, where.sweep, 2) as database:
        try:
            found = await find_tenant(database, wanted)
        except UsageError as problem:
            return _wrong("single sign-on's tenant", str(problem), "see MAILDOCK_OIDC_TENANT")
    return _ok("single sign-on's tenant", found.name)


async def _issuer(settings: Settings) -> Step:
    try:
        async with wiring.open_sign_on(settings) as sign_on:
            if sign_on is not None:
                await sign_on.issuer.keys()
    except SignOnRefused as problem:
        cause = f" ({problem.__cause__})" if problem.__cause__ else ""
        away = isinstance(problem, IssuerAway)
        remedy = "can this machine reach it?" if away else "MAILDOCK_OIDC_ISSUER is exactly what its discovery names"
        return _wrong("issuer", f"{problem.detail}{cause}", remedy)
    except UsageError as problem:
        return _wrong("issuer", str(problem), "see MAILDOCK_OIDC_ISSUER")
    return _ok("issuer", f"{settings.oidc_issuer} shows its addresses and keys")


def _ok(step: str, detail: str) -> Step:
    return {"step": step, "ok": True, "detail": detail, "remedy": None}


def _wrong(step: str, detail: str, remedy: str | None) -> Step:
    return {"step": step, "ok": False, "detail": detail, "remedy": remedy}
