"""Subscriptions: made, renewed at half their life, and made anew when they are gone.

https://learn.microsoft.com/graph/api/resources/subscription
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from maildock.domain.errors import (
    AttachmentError,
    MaildockError,
    NotThere,
    Refused,
    Throttled,
    Unauthorized,
    UsageError,
    loggable,
)
from maildock.providers.base import Mailbox, Push
from maildock.providers.http import Origin
from maildock.providers.microsoft.client import Graph, key
from maildock.providers.microsoft.items import moment
from maildock.providers.microsoft.refusals import unsound
from maildock.tables import push_subscriptions
from maildock.tables.push_subscriptions import SubscriptionRow
from maildock.tables.session import Database

log = structlog.get_logger(__name__)

# Microsoft allows 10,080 minutes for mail.
LIFE = timedelta(minutes=10_000)
AGAIN = timedelta(seconds=60)
_SUBSCRIPTIONS = "/v1.0/subscriptions"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Arranges notifications to the webhooks below `public_url`."""

    database: Database
    public_url: str

    def address(self, mailbox: Mailbox) -> str:
        """Give where a mailbox's notifications come."""
        return f"{self.public_url.rstrip('/')}/webhooks/microsoft/{mailbox.tenant}/{mailbox.provider_id}"

    def unreachable(self, graph: Graph) -> str | None:
        """Say why Microsoft cannot reach us, `None` where it may: by https, or from this very machine."""
        try:
            ours = Origin.parse(self.public_url)
        except UsageError:
            ours = None
        if ours is None or (ours.scheme == "http" and not graph.origin.is_loopback):
            return "MAILDOCK_PUBLIC_URL is no https address that Microsoft reaches"
        return None

    async def watch(self, graph: Graph) -> Push:
        """Do what is due; without a public address there is nothing to do, and polling is enough."""
        mailbox = graph.connection.mailbox
        if self.unreachable(graph) is not None:
            return Push(datetime.now(UTC) + LIFE)
        async with self.database.tenant(mailbox.tenant) as session:
            await push_subscriptions.forget_ended(session, mailbox.provider_id)
            rows = await push_subscriptions.every(session, mailbox.provider_id)
        try:
            current = self._current(graph, rows)
            if current is not None and not _is_due(current):
                return _arranged(current.expires_at)
            expires_at = await self._renewed(graph, current) if current else None
            if expires_at is None:
                expires_at = await self._made(graph)
                await self._end_others(graph, rows)
        except (Throttled, Unauthorized):
            raise
        except MaildockError as problem:
            # What is amiss is mostly our own reachability; mail comes in by polling meanwhile.
            remedy = "see that the public address is reachable from the internet, by https with a valid certificate"
            return Push(datetime.now(UTC) + AGAIN, problem=str(problem), remedy=remedy)
        return _arranged(expires_at)

    def _current(self, graph: Graph, rows: Sequence[SubscriptionRow]) -> SubscriptionRow | None:
        """Give the newest one that was granted, and still comes to where we are."""
        here = _resource(graph) + " " + self.address(graph.connection.mailbox)
        alive = (row for row in rows if row.subscription_id and row.expires_at and row.expires_at > datetime.now(UTC))
        return next((row for row in alive if row.address == here), None)

    async def _made(self, graph: Graph) -> datetime:
        mailbox, client_state = graph.connection.mailbox, secrets.token_urlsafe(48)
        address, expires_at = self.address(mailbox), datetime.now(UTC) + LIFE
        # Before it is asked for: its first notification may come before the answer.
        async with self.database.tenant(mailbox.tenant) as session:
            here = f"{_resource(graph)} {address}"
            await push_subscriptions.begin(session, mailbox.provider_id, client_state, here)
        asked = {
            "changeType": "created",
            "notificationUrl": address,
            "lifecycleNotificationUrl": f"{address}/lifecycle",
            "resource": _resource(graph),
            "expirationDateTime": _rfc3339(expires_at),
            "clientState": client_state,
        }
        try:
            made = await graph.ask("POST", _SUBSCRIPTIONS, body=json.dumps(asked).encode())
        except AttachmentError:
            # Refused for certain, so nothing will ever quote it.
            async with self.database.tenant(mailbox.tenant) as session:
                await push_subscriptions.end(session, mailbox.provider_id, client_state)
            raise
        subscription_id = made.get("id")
        if not isinstance(subscription_id, str):
            raise unsound("subscription id")
        return await self._confirmed(mailbox, client_state, subscription_id, moment(made.get("expirationDateTime")))

    async def _renewed(self, graph: Graph, row: SubscriptionRow) -> datetime | None:
        """Prolong a subscription; `None` where it is gone and another must be made."""
        target = f"{_SUBSCRIPTIONS}/{key(row.subscription_id or '')}"
        body = json.dumps({"expirationDateTime": _rfc3339(datetime.now(UTC) + LIFE)}).encode()
        mailbox = graph.connection.mailbox
        try:
            renewed = await graph.ask("PATCH", target, body=body)
        except (NotThere, Refused):
            async with self.database.tenant(mailbox.tenant) as session:
                await push_subscriptions.end(session, mailbox.provider_id, row.client_state)
            return None
        expires_at = moment(renewed.get("expirationDateTime"))
        return await self._confirmed(mailbox, row.client_state, row.subscription_id, expires_at)

    async def _confirmed(
        self, mailbox: Mailbox, client_state: str, subscription_id: str | None, expires_at: datetime | None
    ) -> datetime:
        until = expires_at or datetime.now(UTC) + LIFE
        async with self.database.tenant(mailbox.tenant) as session:
            await push_subscriptions.confirm(session, mailbox.provider_id, client_state, subscription_id, until)
        return until

    async def _end_others(self, graph: Graph, rows: Sequence[SubscriptionRow]) -> None:
        """End those that came before; one that cannot be ended runs out by itself, and is accepted until then."""
        mailbox = graph.connection.mailbox
        for row in rows:
            if row.subscription_id is None:
                continue
            try:
                await graph.ask("DELETE", f"{_SUBSCRIPTIONS}/{key(row.subscription_id)}")
            except NotThere:
                pass
            except MaildockError as problem:
                log.warning(
                    "subscription not ended",
                    tenant=str(mailbox.tenant),
                    provider_id=str(mailbox.provider_id),
                    error=loggable(problem),
                )
                continue
            async with self.database.tenant(mailbox.tenant) as session:
                await push_subscriptions.end(session, mailbox.provider_id, row.client_state)

    async def unwatch(self, graph: Graph) -> None:
        """End all."""
        mailbox = graph.connection.mailbox
        async with self.database.tenant(mailbox.tenant) as session:
            rows = await push_subscriptions.every(session, mailbox.provider_id)
        await self._end_others(graph, rows)


def _resource(graph: Graph) -> str:
    return f"users/{graph.connection.mailbox.address}/mailFolders('{graph.settings.folder}')/messages"


def _is_due(row: SubscriptionRow) -> bool:
    if row.renewed_at is None or row.expires_at is None:
        return True
    return datetime.now(UTC) >= row.renewed_at + (row.expires_at - row.renewed_at) / 2


def _arranged(expires_at: datetime | None) -> Push:
    now = datetime.now(UTC)
    until = expires_at or now + LIFE
    # Not sooner than in a minute, lest a vendor that grants little keeps us busy.
    return Push(max(now + (until - now) / 2, now + AGAIN), until)


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
