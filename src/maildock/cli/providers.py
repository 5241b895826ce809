"""`maildock providers`: where mail comes from."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from maildock.cli import connecting
from maildock.cli.house import House, run
from maildock.cli.output import AsJson, OfTenant, print_all, print_json, print_one, say
from maildock.domain.errors import MaildockError, UsageError
from maildock.domain.ids import file_provider_id
from maildock.flow.ask_now import ask_now
from maildock.flow.check_mailbox import check_mailbox
from maildock.flow.connect import disconnect
from maildock.flow.health import FAILING_REMEDY
from maildock.flow.resume import resume as flow_resume
from maildock.tables import email_providers, push_subscriptions
from maildock.tables.email_providers import ProviderRow
from maildock.web.shapes import Provider, ProviderHealth
from maildock.worker.settle import settle_all
from maildock.worker.worker import Worker

app = typer.Typer(help="The connections to where mail comes from.", no_args_is_help=True)
app.add_typer(connecting.app, name="add")
app.command("secret")(connecting.secret)

Id = connecting.Id

PAGE = 200


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
        expiries = await push_subscriptions.expiries(session)
    health = ProviderHealth.of(row, work, expiries.get(provider_id), house.context.poll_seconds)
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
    tenant, row = await _known(house, provider_id)
    return [asdict(step) async for step in check_mailbox(house.context, tenant, row)]


@app.command()
def pause(provider_id: Id, as_json: AsJson = False) -> None:
    """Stop working on a provider's mail; nothing is lost meanwhile."""
    _report(run(lambda house: _pause(house, provider_id)), f"{provider_id} is paused", as_json=as_json)


async def _pause(house: House, provider_id: UUID) -> dict[str, Any]:
    tenant, _ = await _known(house, provider_id)
    async with house.context.database.tenant(tenant) as session:
        await email_providers.pause(session, provider_id, "paused by an operator", None, by_us=False)
    return await _show(house, provider_id)


def _report(shown: dict[str, Any], said: str, *, as_json: bool) -> None:
    if as_json:
        print_json(shown)
    elif said:
        say(said)


@app.command()
def resume(provider_id: Id, as_json: AsJson = False) -> None:
    """Go on with a paused provider."""
    _report(run(lambda house: _resume(house, provider_id)), f"{provider_id} is active", as_json=as_json)


async def _resume(house: House, provider_id: UUID) -> dict[str, Any]:
    tenant, _ = await _known(house, provider_id)
    await flow_resume(house.context, tenant, provider_id)
    return await _show(house, provider_id)


@app.command()
def sync(
    provider_id: Id,
    since: Annotated[
        datetime | None,
        typer.Option("--since", metavar="TIME", formats=connecting.TIMES, help="Also mail received since then (UTC)."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when every mail and every file has settled.")] = False,
    as_json: AsJson = False,
) -> None:
    """Catch up: have everything that this provider brought in worked on now."""
    _report(run(lambda house: _sync(house, provider_id, since, wait=wait)), "", as_json=as_json)


async def _sync(house: House, provider_id: UUID, since: datetime | None, *, wait: bool) -> dict[str, Any]:
    tenant, _ = await _known(house, provider_id)
    await ask_now(house.context, tenant, provider_id, since and since.replace(tzinfo=since.tzinfo or UTC))
    if not wait:
        return await _show(house, provider_id)
    dead_before = (await _open_work(house, tenant, provider_id)).dead
    worker = Worker(house.context)
    try:
        await settle_all(house.context, worker, tenant, provider_id)
    finally:
        await worker.stop()
    _, row = await _known(house, provider_id)
    if row.poll_failures:
        raise MaildockError(f"the mailbox could not be asked: {row.poll_error}")
    failed = (await _open_work(house, tenant, provider_id)).failing - dead_before
    if failed > 0:
        raise MaildockError(f"{failed} mails or attachments have failed; {FAILING_REMEDY}")
    return await _show(house, provider_id)


async def _open_work(house: House, tenant: UUID, provider_id: UUID) -> email_providers.OpenWork:
    async with house.context.database.tenant(tenant) as session:
        return await email_providers.open_work(session, provider_id)


@app.command()
def remove(provider_id: Id) -> None:
    """Disconnect a mailbox for good; tickets and documents that came through it stay."""
    run(lambda house: _remove(house, provider_id))
    say(f"{provider_id} is removed")


async def _remove(house: House, provider_id: UUID) -> None:
    tenant, row = await _known(house, provider_id)
    if provider_id == file_provider_id(tenant):
        raise UsageError("this is the tenant's built-in provider for raw mail; pause it instead")
    await disconnect(house.context, tenant, row)
