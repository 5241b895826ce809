"""`maildock tenants`."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from maildock.access.tenants import add_tenant
from maildock.cli.house import run
from maildock.cli.output import AsJson, plain, print_all, print_one
from maildock.tables.tenants import Tenant

app = typer.Typer(help="The tenants of this installation.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="A name that no other tenant has.", callback=plain)],
    as_json: AsJson = False,
) -> None:
    """Add a tenant, with its system user and its provider for raw mail."""
    print_one(_shown(run(lambda house: add_tenant(house.context.database, name))), as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the tenants, oldest first."""
    found = run(lambda house: house.tenants(None))
    print_all(map(_shown, found), ("tenant", "name", "system_user_id"), as_json=as_json)


def _shown(tenant: Tenant) -> dict[str, Any]:
    shown = asdict(tenant)
    return {"tenant": str(shown["tenant"]), "name": shown["name"], "system_user_id": str(shown["system_user_id"])}
