"""`maildock users`."""

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import typer

from maildock.access import account
from maildock.access.passwords import new_password
from maildock.access.people import add_user, normal_email
from maildock.access.tenants import find_tenant
from maildock.cli.house import House, run
from maildock.cli.output import AsJson, ForTenant, OfTenant, plain, print_all, print_one, rfc3339, say
from maildock.domain.errors import UsageError
from maildock.tables import users
from maildock.tables.session import Database, TenantSession

app = typer.Typer(help="The people who may log in.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="Whose login it is.", callback=plain)]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")]


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="What the person logs in with.", callback=plain)],
    tenant: ForTenant,
    admin: Annotated[bool, typer.Option("--admin", help="May also see the mailboxes.")] = False,
    password_stdin: FromStdin = False,
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


@app.command("list")
def list_(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """List the people, and who of them is disabled."""
    found = run(lambda house: house.of_each(tenant, _list))
    print_all(found, ("user_id", "tenant", "email", "role", "created_at", "disabled_at"), as_json=as_json)


async def _list(session: TenantSession) -> list[dict[str, Any]]:
    return [
        {
            "user_id": str(row.user_id),
            "tenant": str(session.tenant),
            "email": row.email,
            "role": row.role,
            "created_at": rfc3339(row.created_at),
            "disabled_at": rfc3339(row.disabled_at),
        }
        for row in await users.every(session)
    ]


@app.command()
def password(email: Email, tenant: ForTenant, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    """Give somebody who forgot theirs another password; without one on standard input one is made up and printed."""
    given = _given() if password_stdin else None
    wanted = given or new_password()
    run(lambda house: _change(house, tenant, email, partial(_reset, wanted)))
    shown = {"email": normal_email(email)}
    print_one(shown if given else {**shown, "password": wanted}, as_json=as_json)


async def _reset(wanted: str, database: Database, tenant: UUID, user_id: UUID) -> bool:
    return await account.reset_password(database, tenant, user_id, wanted)


@app.command()
def disable(email: Email, tenant: ForTenant) -> None:
    """Keep a person out: their sessions end, their password and the tokens that they made open nothing."""
    run(lambda house: _change(house, tenant, email, account.disable))
    say(f"{normal_email(email)} is disabled")


@app.command()
def enable(email: Email, tenant: ForTenant) -> None:
    """Let a disabled person in again."""
    run(lambda house: _change(house, tenant, email, account.enable))
    say(f"{normal_email(email)} may log in")


async def _change(
    house: House, tenant: str, email: str, change: Callable[[Database, UUID, UUID], Awaitable[bool]]
) -> None:
    database = house.context.database
    known = await find_tenant(database, tenant)
    async with database.tenant(known.tenant) as session:
        found = await users.with_email(session, normal_email(email))
    if found is None:
        raise UsageError(f"the tenant has nobody with the email {email!r}; `maildock users list` shows them")
    await change(database, known.tenant, found.user_id)
