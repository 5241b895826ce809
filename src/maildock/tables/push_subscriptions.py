"""`push_subscriptions`: what tells us of new mail: a subscription at Microsoft, a watch at Gmail.

A row is written before the vendor is asked, for its first notification can come before its answer. `client_state` is
what it must quote; `subscription_id` is the vendor's, known once it has answered.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription; `ended_at` is set once it is known to send no more.

    One that was granted and has no `renewed_at` is to be renewed now: its vendor asked for that.
    """

    client_state: str
    subscription_id: str | None
    address: str
    created_at: datetime
    renewed_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None


_OF_PROVIDER = " WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s"
_OF_STATE = _OF_PROVIDER + " AND client_state = %(client_state)s"


async def every(session: TenantSession, provider_id: UUID) -> list[SubscriptionRow]:
    """List a mailbox's subscriptions that may still send, the newest first."""
    return await session.all(
        SubscriptionRow,
        "SELECT client_state, subscription_id, address, created_at, renewed_at, expires_at, ended_at"
        " FROM push_subscriptions" + _OF_PROVIDER + " AND ended_at IS NULL ORDER BY created_at DESC, client_state",
        {"provider_id": provider_id},
    )


async def states(session: TenantSession, provider_id: UUID) -> list[str]:
    """List what notifications may quote: what ended lately is still quoted by those that were on their way."""
    found = await session.values(
        "SELECT client_state FROM push_subscriptions"
        + _OF_PROVIDER
        + " AND (ended_at IS NULL OR ended_at > now() - interval '1 day')",
        {"provider_id": provider_id},
    )
    return [state for (state,) in found]


async def begin(session: TenantSession, provider_id: UUID, client_state: str, address: str) -> None:
    """Write down what is about to be asked for; `address` is where notifications shall come."""
    await session.execute(
        "INSERT INTO push_subscriptions (tenant, provider_id, client_state, address)"
        " VALUES (%(tenant)s, %(provider_id)s, %(client_state)s, %(address)s)"
        " ON CONFLICT (tenant, provider_id, client_state) DO NOTHING",
        {"provider_id": provider_id, "client_state": client_state, "address": address},
    )


async def confirm(
    session: TenantSession, provider_id: UUID, client_state: str, subscription_id: str | None, expires_at: datetime
) -> None:
    """Write down that it was granted, or prolonged, until `expires_at`."""
    await session.execute(
        "UPDATE push_subscriptions SET subscription_id = %(subscription_id)s, renewed_at = now(),"
        " expires_at = %(expires_at)s" + _OF_STATE,
        {
            "provider_id": provider_id,
            "client_state": client_state,
            "subscription_id": subscription_id,
            "expires_at": expires_at,
        },
    )


async def renew_now(session: TenantSession, provider_id: UUID, client_state: str) -> None:
    """Have it renewed at the next look, however long it still lasts."""
    await session.execute(
        "UPDATE push_subscriptions SET renewed_at = NULL" + _OF_STATE,
        {"provider_id": provider_id, "client_state": client_state},
    )


async def end(session: TenantSession, provider_id: UUID, client_state: str) -> None:
    """Write down that it sends no more."""
    await session.execute(
        "UPDATE push_subscriptions SET ended_at = now()" + _OF_STATE,
        {"provider_id": provider_id, "client_state": client_state},
    )


async def forget_ended(session: TenantSession, provider_id: UUID) -> None:
    """Delete what ended, or would have expired, a while ago."""
    await session.execute(
        "DELETE FROM push_subscriptions" + _OF_PROVIDER + " AND (ended_at < now() - interval '1 day'"
        " OR coalesce(expires_at, created_at + interval '1 day') < now() - interval '1 day')",
        {"provider_id": provider_id},
    )


async def expiries(session: TenantSession) -> dict[UUID, datetime]:
    """Say for each of the tenant's mailboxes that is notified until when that lasts."""
    rows = await session.values(
        "SELECT provider_id, max(expires_at) FROM push_subscriptions"
        " WHERE tenant = %(tenant)s AND ended_at IS NULL AND expires_at > now() GROUP BY provider_id"
    )
    return dict(rows)
