"""`maildock providers`: where mail comes from."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from maildock.cli.house import House, run
from maildock.cli.output import AsJson, OfTenant, print_all, print_one, say
from maildock.domain.errors import MaildockError, UsageError
from maildock.domain.ids import file_provider_id
from maildock.queue import hint
from maildock.tables import email_providers
from maildock.tables.email_providers import ProviderRow
from maildock.web.shapes import Provider, ProviderHealth
from maildock.worker.settle import settle_all
from maildock.worker.worker import Worker

app = typer.Typer(help="The connections to where mail comes from.", no_args_is_help=True)

Id = Annotated[UUID, typer.Argument(metavar="ID")]

PAGE = 200
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]


@app.command("list")
def list_(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """List the providers, the newest first in each tenant."""
    print_all(run(lambda house: _list(house, tenant)), ("provider_id", "kind", "mailbox", "status"), as_json=as_json)


async def _list(house: House, narrowed: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for tenant in await house.tenant_ids(narrowed):
        before = None
        while True:
            async with house.context.database.tenant(tenant) as session:
                rows = await email_providers.page(session, before, PAGE)
            found += [Provider.model_validate(row).model_dump(mode="json") for row in rows]
            if len(rows) < PAGE:
                break
            before = (rows[-1].created_at, rows[-1].provider_id)
    return found


@app.command()
def show(provider_id: Id, as_json: AsJson = False) -> None:
    """Show a provider and how it does."""
    print_one(run(lambda house: _show(house, provider_id)), as_json=as_json)


async def _show(house: House, provider_id: UUID) -> dict[str, Any]:
    tenant, row = await _known(house, provider_id)
    async with house.context.database.tenant(tenant) as session:
        work = await email_providers.open_work(session, provider_id)
    health = ProviderHealth.of(row, work.backlog, work.failing)
    return {**Provider.model_validate(row).model_dump(mode="json"), "health": health.model_dump(mode="json")}


async def _known(house: House, provider_id: UUID) -> tuple[UUID, ProviderRow]:
    async with house.context.database.sweep() as sweep:
        tenant = await email_providers.tenant_of(sweep, provider_id)
    if tenant is not None:
        async with house.context.database.tenant(tenant) as session:
            row = await email_providers.get(session, provider_id)
        if row is not None:
            return tenant, row
    raise UsageError(f"there is no provider {provider_id}; `maildock providers list` shows them")


@app.command()
def check(provider_id: Id, as_json: AsJson = False) -> None:
    """Try each step that this provider needs, for real."""
    steps = run(lambda house: _check(house, provider_id))
    print_all(steps, ("step", "ok", "detail", "remedy"), as_json=as_json)
    if not all(step["ok"] for step in steps):
        raise typer.Exit(1)


async def _check(house: House, provider_id: UUID) -> list[dict[str, Any]]:
    _, row = await _known(house, provider_id)
    active = row.status == "active"
    steps = [
        {
            "step": "active",
            "ok": active,
            "detail": "mail is taken in" if active else row.status_reason or "paused by an operator",
            "remedy": None if active else f"maildock providers resume {provider_id}",
        }
    ]
    for step, trial in (("database", house.context.database.ping), ("storage", house.context.store.check)):
        try:
            await trial()
        except MaildockError as problem:
            steps.append({"step": step, "ok": False, "detail": str(problem), "remedy": "maildock doctor"})
        else:
            steps.append({"step": step, "ok": True, "detail": "works", "remedy": None})
    return steps


@app.command()
def pause(provider_id: Id) -> None:
    """Stop working on a provider's mail; nothing is lost meanwhile."""
    run(lambda house: _set_status(house, provider_id, "paused", "paused by an operator"))
    say(f"{provider_id} is paused")


@app.command()
def resume(provider_id: Id) -> None:
    """Go on with a paused provider."""
    run(lambda house: _set_status(house, provider_id, "active", None))
    say(f"{provider_id} is active")


async def _set_status(house: House, provider_id: UUID, status: str, reason: str | None) -> None:
    tenant, _ = await _known(house, provider_id)
    async with house.context.database.tenant(tenant) as session:
        await email_providers.set_status(session, provider_id, status, reason)


@app.command()
def sync(
    provider_id: Id,
    since: Annotated[
        datetime | None,
        typer.Option("--since", metavar="TIME", formats=TIMES, help="Also mail received since then (UTC)."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when every mail and every file has settled.")] = False,
) -> None:
    """Catch up: have everything that this provider brought in worked on now."""
    run(lambda house: _sync(house, provider_id, since, wait=wait))


async def _sync(house: House, provider_id: UUID, since: datetime | None, *, wait: bool) -> None:
    tenant, _ = await _known(house, provider_id)
    async with house.context.database.tenant(tenant) as session:
        if since is not None:
            await email_providers.begin_earlier(session, provider_id, since.replace(tzinfo=since.tzinfo or UTC))
        await hint(session, provider_id, "mail")
        await hint(session, provider_id, "files")
    if wait:
        worker = Worker(house.context)
        try:
            await settle_all(house.context, worker, tenant, provider_id)
        finally:
            await worker.stop()


@app.command()
def remove(provider_id: Id) -> None:
    """Remove a provider that nothing came through; one with mail is kept, and can be paused."""
    run(lambda house: _remove(house, provider_id))
    say(f"{provider_id} is removed")


async def _remove(house: House, provider_id: UUID) -> None:
    tenant, _ = await _known(house, provider_id)
    if provider_id == file_provider_id(tenant):
        raise UsageError("this is the tenant's built-in provider for raw mail; pause it instead")
    async with house.context.database.tenant(tenant) as session:
        if not await email_providers.remove(session, provider_id):
            raise UsageError(f"{provider_id} has brought in mail, which refers to it; pause it instead")
