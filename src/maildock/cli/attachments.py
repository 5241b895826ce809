"""`maildock attachments`: the ledger."""

from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from maildock.cli.house import House, run
from maildock.cli.output import AsJson, OfTenant, plain, print_all, print_json, say
from maildock.domain.errors import UsageError
from maildock.flow.retry import AttachmentAddress, retry, retry_all_failed
from maildock.tables import api_reads, email_providers
from maildock.web.shapes import Attachment

app = typer.Typer(help="The ledger: every part that a mail offered as a file.", no_args_is_help=True)

PAGE = 200

Status = Literal["pending", "processing", "stored", "skipped", "failed", "dead"]


@app.command("list")
def list_(
    tenant: OfTenant = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only rows of this status.")] = None,
    provider: Annotated[UUID | None, typer.Option("--provider", metavar="ID", help="Only of this provider.")] = None,
    email_id: Annotated[
        str | None, typer.Option("--email-id", metavar="E", help="Only of this mail.", callback=plain)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the ledger's rows, the newest first in each tenant."""
    found = run(lambda house: _list(house, tenant, status, provider, email_id))
    columns = ("status", "reason", "file_name", "size", "error", "provider_id", "email_id", "attachment_id")
    print_all(found, columns, as_json=as_json)


async def _list(
    house: House, narrowed: str | None, status: str | None, provider: UUID | None, email_id: str | None
) -> list[dict[str, Any]]:
    tenants = await house.tenant_ids(narrowed)
    return [row for tenant in tenants for row in await _of_tenant(house, tenant, status, provider, email_id)]


async def _of_tenant(
    house: House, tenant: UUID, status: str | None, provider: UUID | None, email_id: str | None
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = None
    while True:
        async with house.context.database.tenant(tenant) as session:
            rows = await api_reads.attachments(
                session, status=status, provider_id=provider, email_id=email_id, before=before, limit=PAGE
            )
        found += [Attachment.of(row).model_dump(mode="json") for row in rows]
        if len(rows) < PAGE:
            return found
        last = rows[-1]
        before = (last.created_at, last.provider_id, last.email_id, last.attachment_id)


@app.command("retry")
def retry_(
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="ADDRESS…", help="provider_id:email_id:attachment_id")
    ] = None,
    all_failed: Annotated[bool, typer.Option("--all-failed", help="Whatever has failed or died.")] = False,
    keep_inline: Annotated[bool, typer.Option("--keep-inline", help="Also what the HTML shows.")] = False,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """Make failed, dead or skipped parts due again."""
    if all_failed == bool(addresses):
        raise UsageError("name attachments, or say --all-failed")
    wanted = [AttachmentAddress.parse(plain(address) or "") for address in addresses or ()]
    if all_failed:
        run(lambda house: _retry_all(house, tenant, as_json=as_json))
    elif not run(lambda house: _retry(house, wanted, tenant, keep_inline=keep_inline, as_json=as_json)):
        raise typer.Exit(1)


async def _retry_all(house: House, narrowed: str | None, *, as_json: bool) -> None:
    count = 0
    for tenant in await house.tenant_ids(narrowed):
        due = await retry_all_failed(house.context, tenant)
        count += len(due)
        for address in due if as_json else ():
            await _print_now(house, tenant, address)
    say(f"due again: {count}, and every mail that could not be filed")


async def _print_now(house: House, tenant: UUID, address: AttachmentAddress) -> None:
    async with house.context.database.tenant(tenant) as session:
        row = await api_reads.attachment(session, address.provider_id, address.email_id, address.attachment_id)
    if row is not None:
        print_json(Attachment.of(row).model_dump(mode="json"))


async def _retry(
    house: House, wanted: list[AttachmentAddress], narrowed: str | None, *, keep_inline: bool, as_json: bool
) -> bool:
    tenants = set(await house.tenant_ids(narrowed))
    all_there = True
    for address in wanted:
        async with house.context.database.sweep() as sweep:
            tenant = await email_providers.tenant_of(sweep, address.provider_id)
        before, removed = None, False
        if tenant in tenants and tenant is not None:
            before = await retry(house.context, tenant, address, keep_inline=keep_inline)
            if before is not None and as_json:
                await _print_now(house, tenant, address)
            async with house.context.database.tenant(tenant) as session:
                removed = await email_providers.get(session, address.provider_id) is None
        shown = f"{address.provider_id}:{address.email_id}:{address.attachment_id}"
        if before is None:
            say(f"{shown}: there is no such attachment")
            all_there = False
        elif removed:
            say(f"{shown}: its mailbox was removed, so there is nothing to read it from")
            all_there = False
        elif before not in ("failed", "dead", "skipped"):
            say(f"{shown}: is {before}, and stays so")
        else:
            say(f"{shown}: due again")
    return all_there
