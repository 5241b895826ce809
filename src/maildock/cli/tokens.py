"""`maildock tokens`."""

from typing import Annotated, Any
from uuid import UUID

import typer

from maildock.access import tokens
from maildock.access.tenants import find_tenant
from maildock.cli.house import House, run
from maildock.cli.output import AsJson, ForTenant, OfTenant, plain, print_all, print_one, rfc3339, say
from maildock.domain.errors import UsageError
from maildock.tables import api_tokens
from maildock.tables.session import TenantSession

app = typer.Typer(help="Bearer tokens for the API; each names its tenant.", no_args_is_help=True)


@app.command()
def add(
    tenant: ForTenant,
    name: Annotated[str, typer.Option("--name", metavar="N", help="What it is for.", callback=plain)] = "",
    as_json: AsJson = False,
) -> None:
    """Make a token; it is shown only now."""
    print_one(run(lambda house: _add(house, tenant, name)), as_json=as_json)


async def _add(house: House, tenant: str, name: str) -> dict[str, Any]:
    known = await find_tenant(house.context.database, tenant)
    async with house.context.database.tenant(known.tenant) as session:
        token_id, token = await tokens.issue(session, name)
    return {"token_id": str(token_id), "token": token}


@app.command("list")
def list_(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """List the tokens, without their secrets."""
    found = run(lambda house: house.of_each(tenant, _list))
    print_all(
        found, ("token_id", "tenant", "name", "made_by", "created_at", "last_used_at", "revoked_at"), as_json=as_json
    )


async def _list(session: TenantSession) -> list[dict[str, Any]]:
    return [
        {
            "token_id": str(row.token_id),
            "tenant": str(session.tenant),
            "name": row.name,
            "made_by": row.made_by,
            "created_at": rfc3339(row.created_at),
            "last_used_at": rfc3339(row.last_used_at),
            "revoked_at": rfc3339(row.revoked_at),
        }
        for row in await api_tokens.every(session)
    ]


@app.command()
def revoke(token_id: Annotated[UUID, typer.Argument(metavar="ID")]) -> None:
    """Revoke a token; from now on it opens nothing."""
    run(lambda house: _revoke(house, token_id))
    say(f"{token_id} is revoked")


async def _revoke(house: House, token_id: UUID) -> None:
    async with house.context.database.sweep() as sweep:
        tenant = await api_tokens.tenant_of(sweep, token_id)
    if tenant is None:
        raise UsageError(f"there is no token {token_id}")
    async with house.context.database.tenant(tenant) as session:
        await api_tokens.revoke(session, token_id)
