"""`/providers`: where mail comes from, how that does, and the switch to stop it and go on."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.flow.connect import disconnect
from maildock.flow.health import FAILING_REMEDY
from maildock.flow.resume import resume
from maildock.tables import desk, email_providers, push_subscriptions
from maildock.tables.email_providers import OpenWork, ProviderRow
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.tickets import as_uuid
from maildock.web.pages.visit import Admin, AdminForm, Posted, Visit
from maildock.web.problems import not_found
from maildock.web.shapes import ProviderHealth

router = APIRouter(include_in_schema=False)

_MOST = 1000
# What a vendor, or a program, is told; the path follows the public address.
_ADDRESSES = {
    "microsoft": (
        ("Notifications", "/webhooks/microsoft/{tenant}/{provider_id}"),
        ("Lifecycle notifications", "/webhooks/microsoft/{tenant}/{provider_id}/lifecycle"),
    ),
    "gmail": (("Pushes", "/webhooks/gmail/{tenant}/{provider_id}"),),
    "file": (("Programs send raw mail to", "/api/v1/messages"),),
}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A provider with what the page tells of it; `addresses` are names with what is to be copied."""

    row: ProviderRow
    health: ProviderHealth
    work: OpenWork
    addresses: tuple[tuple[str, str], ...]


@router.get("/providers")
async def list_providers(
    request: Request, visit: Admin, connected: str = "", renewed: str = "", changed: str = "", removed: str = ""
) -> Response:
    """List the tenant's providers with their health, and say what was done to one just now."""
    async with visit.session() as session:
        rows = await email_providers.page(session, None, _MOST)
        work = await desk.open_work(session)
        expiries = await push_subscriptions.expiries(session)
    public_url: str = request.app.state.settings.public_url
    shown = [
        Mailbox(
            row,
            ProviderHealth.of(row, of_row, expiries.get(row.provider_id), visit.context.poll_seconds),
            of_row,
            _addresses(public_url, visit.tenant, row),
        )
        for row in rows
        for of_row in [work.get(row.provider_id, OpenWork(0, 0))]
    ]
    return page(
        "providers.html",
        visit=visit,
        mailboxes=shown,
        failing_remedy=FAILING_REMEDY,
        connected=connected,
        renewed=renewed,
        changed=changed,
        removed=removed,
    )


async def known_provider(visit: Visit, provider_id: str) -> ProviderRow:
    """Give a provider of the visitor's tenant; raises the 404 of pages."""
    async with visit.session() as session:
        row = await email_providers.get(session, as_uuid(provider_id))
    if row is None:
        raise not_found()
    return row


@router.post("/providers/pause")
async def pause_provider(sent: AdminForm) -> Response:
    """Stop working on a provider's mail."""
    provider_id = _named(sent)
    async with sent.visit.session() as session:
        if not await email_providers.pause(session, provider_id, "paused by an operator", None, by_us=False):
            raise not_found()
    return RedirectResponse(f"/providers#p-{provider_id}", 303, HEADERS)


@router.post("/providers/resume")
async def resume_provider(sent: AdminForm) -> Response:
    """Go on with a provider's mail."""
    provider_id = _named(sent)
    if not await resume(sent.visit.context, sent.visit.tenant, provider_id):
        raise not_found()
    return RedirectResponse(f"/providers#p-{provider_id}", 303, HEADERS)


@router.post("/providers/remove")
async def remove_provider(sent: AdminForm) -> Response:
    """Disconnect a mailbox for good, for whoever is sure; what came through it stays."""
    row = await known_provider(sent.visit, sent.fields.get("provider_id", ""))
    if row.kind == "file":
        raise not_found()
    if sent.fields.get("sure") != "yes":
        return RedirectResponse(f"/providers#p-{row.provider_id}", 303, HEADERS)
    await disconnect(sent.visit.context, sent.visit.tenant, row)
    return RedirectResponse("/providers?removed=yes", 303, HEADERS)


def _named(sent: Posted) -> UUID:
    return as_uuid(sent.fields.get("provider_id", ""))


def _addresses(public_url: str, tenant: UUID, row: ProviderRow) -> tuple[tuple[str, str], ...]:
    base = public_url.rstrip("/")
    return tuple(
        (name, base + path.format(tenant=tenant, provider_id=row.provider_id))
        for name, path in _ADDRESSES.get(row.kind, ())
    )
