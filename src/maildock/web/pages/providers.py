"""`/providers`: where mail comes from, and how that does."""

from fastapi import APIRouter, Response

from maildock.tables import desk, email_providers, push_subscriptions
from maildock.tables.email_providers import OpenWork
from maildock.web.pages.rendering import page
from maildock.web.pages.visit import Admin
from maildock.web.shapes import ProviderHealth

router = APIRouter(include_in_schema=False)

_MOST = 1000


@router.get("/providers")
async def list_providers(visit: Admin) -> Response:
    """List the tenant's providers with their health."""
    async with visit.session() as session:
        rows = await email_providers.page(session, None, _MOST)
        work = await desk.open_work(session)
        expiries = await push_subscriptions.expiries(session)
    nothing, poll_seconds = OpenWork(0, 0), visit.context.poll_seconds
    shown = [
        (row, ProviderHealth.of(row, work.get(key, nothing), expiries.get(key), poll_seconds))
        for row in rows
        for key in [row.provider_id]
    ]
    return page("providers.html", visit=visit, providers=shown)
