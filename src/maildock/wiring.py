"""The one place that turns settings into the parts of the house."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maildock.access.sealing import Sealer
from maildock.domain.eligibility import Policy
from maildock.domain.errors import UsageError
from maildock.domain.failures import RetryRules
from maildock.embedded.database import EmbeddedDatabase
from maildock.flow.context import Context
from maildock.providers.connections import Connections
from maildock.providers.file.provider import FileProvider
from maildock.providers.gmail.provider import GmailProvider
from maildock.providers.http import Http, Origin
from maildock.providers.microsoft.provider import MicrosoftProvider
from maildock.settings import Settings
from maildock.sign_on.registration import COME_BACK, Registration
from maildock.sign_on.single import SingleSignOn
from maildock.storage.factory import open_store
from maildock.storage.files import FileOps
from maildock.tables.session import Database


@dataclass(frozen=True, slots=True)
class Dsns:
    """Where the database is, for each of the three roles."""

    owner: str
    app: str
    sweep: str


def dsns(settings: Settings, owner: str) -> Dsns:
    """Give the unprivileged roles' DSNs: as set, or the owner's with the role set on the connection."""
    return Dsns(
        owner=owner,
        app=_session(settings, settings.app_database_url or _as_role(owner, "maildock_app"), "maildock"),
        sweep=_session(settings, settings.sweep_database_url or _as_role(owner, "maildock_sweep"), "maildock-sweep"),
    )


def _as_role(dsn: str, role: str) -> str:
    options = str(conninfo_to_dict(dsn).get("options") or "")
    return make_conninfo(dsn, options=f"{options} -c role={role}".strip())


def _session(settings: Settings, dsn: str, application: str) -> str:
    """Name the sessions, and bound how long one may keep its locks when its process sleeps or its machine is gone."""
    options = str(conninfo_to_dict(dsn).get("options") or "")
    idle = int(settings.claim_seconds * 1000)
    options = f"{options} -c timezone=UTC -c idle_in_transaction_session_timeout={idle}"
    return make_conninfo(dsn, application_name=application, options=options.strip())


@contextlib.contextmanager
def database_server(settings: Settings) -> Iterator[str]:
    """Give the owner's DSN: of the database that is set, or of the embedded one, which runs as long as it is used.

    Where only the unprivileged roles' URLs are set, it is the web's, which can do all but migrate. Not to be entered
    from inside an event loop: starting a server takes a second.
    """
    if external := settings.database_url or settings.app_database_url:
        yield external
        return
    embedded = EmbeddedDatabase(prepare_data_dir(settings))
    try:
        yield embedded.start()
    finally:
        embedded.stop()


def prepare_data_dir(settings: Settings) -> Path:
    """Make the data dir, readable by its owner only."""
    data_dir = settings.data_dir.absolute()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"MAILDOCK_DATA_DIR {data_dir} cannot be made: {problem.strerror}") from problem
    return data_dir


def secret_keys(settings: Settings) -> tuple[str, ...]:
    """Give the keys that sign sessions, newest first; with an embedded database one is generated once and kept."""
    if settings.secret_keys:
        return settings.secret_keys
    path = prepare_data_dir(settings) / "secret.key"
    with contextlib.suppress(FileExistsError):
        # Written aside and linked, so that two first starts agree on one key and none is read half.
        fresh = path.with_name(f"secret.key.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        finally:
            fresh.unlink()
    key = path.read_bytes().decode("ascii", "replace").strip()
    if not key:
        raise UsageError(f"{path} is empty: put its content back, or remove it, and everybody logs in again")
    return (key,)


def provider_origins(settings: Settings) -> frozenset[Origin]:
    """Give what forms may name as a vendor's endpoint, beside the vendor's own."""
    try:
        return frozenset(map(Origin.parse, settings.provider_origins))
    except UsageError as problem:
        raise UsageError(f"MAILDOCK_PROVIDER_ORIGINS: {problem}") from problem


def registration(settings: Settings) -> Registration | None:
    """Give the issuer whose logins are taken, `None` without one."""
    if not settings.oidc_issuer:
        return None
    parts = urlsplit(settings.oidc_issuer)
    Origin.parse(f"{parts.scheme}://{parts.netloc}")
    claim, _, value = (settings.oidc_admin_claim or "").partition("=")
    return Registration(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id or "",
        client_secret=settings.oidc_client_secret or "",
        tenant=settings.oidc_tenant or "",
        name=settings.oidc_name,
        redirect_uri=settings.public_url.rstrip("/") + COME_BACK,
        agent_domains=settings.oidc_agent_domains,
        admin_claim=(claim.strip(), value.strip()) if claim else None,
    )


@contextlib.asynccontextmanager
async def open_sign_on(settings: Settings) -> AsyncIterator[SingleSignOn | None]:
    """Build single sign-on, where it is set."""
    known = registration(settings)
    async with Http() as http:
        yield SingleSignOn(http, known) if known else None


@contextlib.asynccontextmanager
async def open_context(
    settings: Settings, where: Dsns, *, files: FileOps | None = None, database_class: type[Database] = Database
) -> AsyncIterator[Context]:
    """Build what the flow needs, and close it at the end; `files` and `database_class` let others stand between."""
    objects, spool = open_store(settings.effective_storage_url, files)
    async with database_class(where.app, where.sweep, settings.worker_concurrency + 8) as database, Http() as http:
        sealer = Sealer(secret_keys(settings))
        connections = Connections(database, sealer, provider_origins(settings))
        yield Context(
            database=database,
            sealer=sealer,
            store=objects,
            spool=spool,
            providers={
                "file": FileProvider(objects),
                "gmail": GmailProvider(
                    connections, http, database, spool, settings.public_url, settings.max_message_bytes
                ),
                "microsoft": MicrosoftProvider(
                    connections, http, database, spool, settings.public_url, settings.max_message_bytes
                ),
            },
            policy=Policy(settings.max_attachment_bytes, keep_inline=settings.inline == "keep"),
            rules=RetryRules(settings.retry_seconds, settings.max_attempts, settings.give_up_hours),
            max_message_bytes=settings.max_message_bytes,
            keep_original=settings.keep_original,
            claim_seconds=settings.claim_seconds,
            poll_seconds=settings.poll_seconds,
            concurrency=settings.worker_concurrency,
        )
