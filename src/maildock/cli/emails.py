"""`maildock emails`."""

from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from maildock.cli.house import House, run
from maildock.cli.output import AsJson, OfTenant, plain, print_all, print_one
from maildock.domain.errors import UsageError
from maildock.tables import api_reads, email_owners
from maildock.web.shapes import Email, EmailWithAttachments

app = typer.Typer(help="The mails that came in, and what became of them.", no_args_is_help=True)

PAGE = 200

Status = Literal["received", "filed", "duplicate", "ignored", "failed", "gone", "dead"]


@app.command("list")
def list_(
    tenant: OfTenant = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only mails of this status.")] = None,
    provider: Annotated[UUID | None, typer.Option("--provider", metavar="ID", help="Only of this provider.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the mails, the newest first in each tenant."""
    found = run(lambda house: _list(house, tenant, status, provider))
    print_all(found, ("received_at", "status", "sender", "subject", "provider_id", "email_id"), as_json=as_json)


async def _list(house: House, narrowed: str | None, status: str | None, provider: UUID | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for tenant in await house.tenant_ids(narrowed):
        before = None
        while True:
            async with house.context.database.tenant(tenant) as session:
                rows = await api_reads.emails(session, status=status, provider_id=provider, before=before, limit=PAGE)
            found += [Email.of(row).model_dump(mode="json") for row in rows]
            if len(rows) < PAGE:
                break
            before = (rows[-1].created_at, rows[-1].provider_id, rows[-1].email_id)
    return found


@app.command()
def show(
    address: Annotated[
        str, typer.Argument(metavar="EMAIL", help="provider_id:email_id, or the email_id alone.", callback=plain)
    ],
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """Show a mail with the ledger's rows of its parts."""
    shown = run(lambda house: _show(house, address, tenant))
    parts = [] if as_json else shown.pop("attachments")
    print_one(shown, as_json=as_json)
    if parts:
        print_all(parts, ("attachment_id", "status", "reason", "file_name", "size", "error"), as_json=False)


async def _show(house: House, address: str, narrowed: str | None) -> dict[str, Any]:
    tenants = set(await house.tenant_ids(narrowed))
    provider_id, email_id = _parse(address)
    async with house.context.database.sweep() as sweep:
        owners = [owner for owner in await email_owners.of(sweep, email_id) if owner.tenant in tenants]
    owners = [owner for owner in owners if provider_id in {None, owner.provider_id}]
    if not owners:
        raise UsageError(f"there is no mail {address!r}")
    if len(owners) > 1:
        known = ", ".join(f"{owner.provider_id}:{email_id}" for owner in owners)
        raise UsageError(f"{email_id!r} is the id of several mails; name one of {known}")
    async with house.context.database.tenant(owners[0].tenant) as session:
        row = await api_reads.email(session, owners[0].provider_id, email_id)
        parts = await api_reads.attachments_of(session, owners[0].provider_id, [email_id])
    if row is None:
        raise UsageError(f"there is no mail {address!r}")
    return EmailWithAttachments.with_parts(row, parts).model_dump(mode="json")


def _parse(address: str) -> tuple[UUID | None, str]:
    provider, _, email_id = address.partition(":")
    try:
        return UUID(provider), email_id
    except ValueError:
        return None, address
