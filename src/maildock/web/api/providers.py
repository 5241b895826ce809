"""`/providers`."""

from uuid import UUID

from fastapi import APIRouter

from maildock.tables import email_providers, push_subscriptions
from maildock.web import cursors
from maildock.web.api.pages import Page
from maildock.web.caller import DEFAULT_LIMIT, OF_IDS, OF_QUERIES, Caller, Cursor, House, Limit
from maildock.web.problems import not_found
from maildock.web.shapes import Provider, ProviderHealth

router = APIRouter(prefix="/providers", tags=["providers"])


@router.get("", responses=OF_QUERIES)
async def list_providers(
    house: House, tenant: Caller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Provider]:
    """List the connections to where mail comes from, the newest first."""
    key = cursors.read(cursor, "time", "uuid")
    async with house.database.tenant(tenant) as session:
        rows = await email_providers.page(session, key, limit + 1)
    return Page[Provider](
        **cursors.page(rows, limit, lambda row: (row.created_at, row.provider_id), Provider.model_validate)
    )


@router.get("/{provider_id}", responses=OF_IDS)
async def get_provider(house: House, tenant: Caller, provider_id: UUID) -> Provider:
    """Give a provider."""
    async with house.database.tenant(tenant) as session:
        row = await email_providers.get(session, provider_id)
    if row is None:
        raise not_found()
    return Provider.model_validate(row)


@router.get("/{provider_id}/health", responses=OF_IDS)
async def get_health(house: House, tenant: Caller, provider_id: UUID) -> ProviderHealth:
    """Say how a provider does, and what to do where it doesn't."""
    async with house.database.tenant(tenant) as session:
        row = await email_providers.get(session, provider_id)
        work = await email_providers.open_work(session, provider_id)
        expiries = await push_subscriptions.expiries(session)
    if row is None:
        raise not_found()
    return ProviderHealth.of(row, work, expiries.get(provider_id), house.poll_seconds)
