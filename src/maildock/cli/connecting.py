"""`maildock providers add` and `secret`: connecting mailboxes, and renewing what opens them."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from maildock.access.tenants import find_tenant
from maildock.cli.house import House, run
from maildock.cli.output import AsJson, ForTenant, plain, print_one, say
from maildock.domain.errors import UsageError
from maildock.flow.connect import NewMailbox, checked_address, connect, renew_secret
from maildock.providers.gmail import settings as google
from maildock.providers.microsoft.settings import new_connection, new_secret
from maildock.tables import email_providers

TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
MOST_SECRET = 64 * 1024

Id = Annotated[UUID, typer.Argument(metavar="ID")]
Mailbox = Annotated[str, typer.Option("--mailbox", metavar="ADDR", help="The mailbox's address.", callback=plain)]
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="TIME", formats=TIMES, help="Only mail received after this (default: now)."),
]
SecretOnStdin = Annotated[
    bool, typer.Option("--client-secret-stdin", help="Read the client secret from standard input.")
]
Certificate = Annotated[
    Path | None,
    typer.Option("--certificate-file", metavar="F", help="A PEM file with private key and certificate, instead."),
]

ServiceAccount = Annotated[
    Path | None,
    typer.Option("--service-account-file", metavar="F", help="A service account's key, as Google gives it (JSON)."),
]
ClientSecretFile = Annotated[
    Path | None, typer.Option("--client-secret-file", metavar="F", help="A file with the OAuth client's secret.")
]
RefreshTokenFile = Annotated[
    Path | None, typer.Option("--refresh-token-file", metavar="F", help="A file with the user's refresh token.")
]

app = typer.Typer(help="Connect a mailbox.", no_args_is_help=True)


@app.command()
def microsoft(
    *,
    tenant: ForTenant,
    mailbox: Mailbox,
    directory_id: Annotated[str, typer.Option("--directory-id", metavar="D", help="Directory (tenant) ID.")],
    client_id: Annotated[str, typer.Option("--client-id", metavar="C", help="Application (client) ID.")],
    client_secret_stdin: SecretOnStdin = False,
    certificate_file: Certificate = None,
    folder: Annotated[
        str, typer.Option("--folder", help="The folder whose mail is taken in.", callback=plain)
    ] = "inbox",
    since: Since = None,
    graph_url: Annotated[str | None, typer.Option("--graph-url", metavar="URL", help="Graph's origin.")] = None,
    authority_url: Annotated[
        str | None, typer.Option("--authority-url", metavar="URL", help="The origin that gives out tokens.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect a Microsoft 365 mailbox through Microsoft Graph."""
    secret = _microsoft_secret(client_secret_stdin, certificate_file)
    settings = new_connection(directory_id, client_id, folder, graph_url, authority_url)
    new = NewMailbox("microsoft", _address(mailbox), settings, secret, _in_utc(since))
    hooks = ("webhook_url", ""), ("lifecycle_url", "/lifecycle")
    print_one(run(lambda house: _connect(house, tenant, new, hooks)), as_json=as_json)


@app.command()
def gmail(
    *,
    tenant: ForTenant,
    mailbox: Mailbox,
    service_account_file: ServiceAccount = None,
    client_id: Annotated[str, typer.Option("--client-id", metavar="C", help="The OAuth client's ID.")] = "",
    client_secret_file: ClientSecretFile = None,
    refresh_token_file: RefreshTokenFile = None,
    topic: Annotated[
        str, typer.Option("--topic", metavar="projects/P/topics/T", help="Where Gmail tells of mail.")
    ] = "",
    push_service_account: Annotated[
        str, typer.Option("--push-service-account", metavar="ADDR", help="The account whose pushes are accepted.")
    ] = "",
    label: Annotated[str, typer.Option("--label", help="The label that is read.", callback=plain)] = "INBOX",
    since: Since = None,
    gmail_url: Annotated[str, typer.Option("--gmail-url", metavar="URL", help="Gmail's origin.")] = "",
    token_url: Annotated[str, typer.Option("--token-url", metavar="URL", help="Where tokens are given out.")] = "",
    certs_url: Annotated[str, typer.Option("--certs-url", metavar="URL", help="Where Google's keys are.")] = "",
    as_json: AsJson = False,
) -> None:
    """Connect a Gmail or Google Workspace mailbox through the Gmail API."""
    secret = _google_secret(service_account_file, client_secret_file, refresh_token_file)
    if refresh_token_file and not client_id:
        raise UsageError("--refresh-token-file needs --client-id")
    settings = google.new_connection(label, topic, push_service_account, gmail_url, token_url, certs_url, client_id)
    new = NewMailbox("gmail", _address(mailbox), settings, secret, _in_utc(since))
    print_one(run(lambda house: _connect(house, tenant, new, (("webhook_url", ""),))), as_json=as_json)


def _google_secret(account: Path | None, client_secret: Path | None, refresh_token: Path | None) -> str:
    if account is not None and client_secret is None and refresh_token is None:
        return google.service_account_secret(_text(account))
    if account is None and client_secret is not None and refresh_token is not None:
        return google.refresh_token_secret(_text(client_secret), _text(refresh_token))
    raise UsageError("give either --service-account-file, or --client-secret-file and --refresh-token-file")


def _microsoft_secret(on_stdin: bool, certificate: Path | None) -> str:
    if on_stdin == (certificate is not None):
        raise UsageError("give either --client-secret-stdin or --certificate-file")
    return new_secret(certificate=_text(certificate)) if certificate else new_secret(client_secret=_secret_on_stdin())


async def _connect(house: House, tenant: str, new: NewMailbox, hooks: tuple[tuple[str, str], ...]) -> dict[str, str]:
    known = await find_tenant(house.context.database, tenant)
    provider_id = await connect(house.context, known.tenant, new)
    base = f"{house.settings.public_url.rstrip('/')}/webhooks/{new.kind}/{known.tenant}/{provider_id}"
    return {"provider_id": str(provider_id), **{name: base + path for name, path in hooks}}


def secret(
    provider_id: Id,
    client_secret_stdin: SecretOnStdin = False,
    certificate_file: Certificate = None,
    service_account_file: ServiceAccount = None,
    client_secret_file: ClientSecretFile = None,
    refresh_token_file: RefreshTokenFile = None,
) -> None:
    """Replace what opens a mailbox, for instance before it expires; one that was paused for the old goes on."""
    google = service_account_file or client_secret_file or refresh_token_file
    given = {
        "gmail": lambda: _google_secret(service_account_file, client_secret_file, refresh_token_file),
        "microsoft": lambda: _microsoft_secret(client_secret_stdin, certificate_file),
    }["gmail" if google else "microsoft"]()
    run(lambda house: _renew(house, provider_id, "gmail" if google else "microsoft", given))
    say(f"{provider_id} has a new secret")


async def _renew(house: House, provider_id: UUID, kind: str, given: str) -> None:
    async with house.context.database.sweep() as sweep:
        tenant = await email_providers.tenant_of(sweep, provider_id)
    if tenant is None:
        raise UsageError(f"there is no provider {provider_id}; `maildock providers list` shows them")
    await renew_secret(house.context, tenant, provider_id, kind, given)


def _address(text: str) -> str:
    try:
        return checked_address(text)
    except UsageError as problem:
        raise UsageError(f"--mailbox: {problem}") from problem


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC)


def _secret_on_stdin() -> str:
    line = sys.stdin.buffer.readline(MOST_SECRET).strip()
    if not line:
        raise UsageError("there is no client secret on standard input")
    try:
        return line.decode()
    except UnicodeDecodeError as problem:
        raise UsageError("the client secret on standard input is not UTF-8") from problem


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_SECRET).decode().strip()
    except UnicodeDecodeError as problem:
        raise UsageError(f"{path} is not text") from problem
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from problem
