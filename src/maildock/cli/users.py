"""`maildock users`."""

import sys
from typing import Annotated
from uuid import UUID

import typer

from maildock.access.passwords import new_password
from maildock.access.people import add_user
from maildock.access.tenants import find_tenant
from maildock.cli.house import House, run
from maildock.cli.output import AsJson, ForTenant, plain, print_one
from maildock.domain.errors import UsageError

app = typer.Typer(help="The people who may log in.", no_args_is_help=True)


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="What the person logs in with.", callback=plain)],
    tenant: ForTenant,
    admin: Annotated[bool, typer.Option("--admin", help="May also see the mailboxes.")] = False,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person; without a password on standard input one is made up and printed."""
    given = _given() if password_stdin else None
    password = given or new_password()
    user_id = run(lambda house: _add(house, tenant, email, password, admin=admin))
    shown = {"user_id": str(user_id), "email": email, "role": "admin" if admin else "agent"}
    print_one(shown if given else {**shown, "password": password}, as_json=as_json)


def _given() -> str:
    line = sys.stdin.buffer.readline().rstrip(b"\r\n")
    if not line:
        raise UsageError("there is no password on standard input")
    try:
        return line.decode()
    except UnicodeDecodeError as problem:
        raise UsageError("the password on standard input is not UTF-8") from problem


async def _add(house: House, tenant: str, email: str, password: str, *, admin: bool) -> UUID:
    known = await find_tenant(house.context.database, tenant)
    return await add_user(house.context.database, known.tenant, email, password, admin=admin)
