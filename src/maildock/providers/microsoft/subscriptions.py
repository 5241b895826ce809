"""Having Graph notify us: one subscription a mailbox, asked for, prolonged, and made anew when it is lost.

What a subscription must quote is written down before it is asked for, since its first notification can come before the
answer; and it stays good until the subscription is known to have ended.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from maildock.domain.errors import (
    AttachmentError,
    MaildockError,
    NotThere,
    OutageError,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    UsageError,
    loggable,
)
from maildock.providers import fields
from maildock.providers.base import Mailbox, Push
from maildock.providers.http import Origin
from maildock.providers.microsoft import calls, paging
from maildock.providers.microsoft.calls import Call
from maildock.providers.microsoft.client import Client, Opened
from maildock.tables import email_providers, push_subscriptions
from maildock.tables.push_subscriptions import SubscriptionRow
from maildock.tables.session import Database, DatabaseAway

log = structlog.get_logger(__name__)

LIFE = timedelta(days=6.9)  # Graph grants 10,080 minutes
_SOON = timedelta(seconds=60)
_LATER = timedelta(hours=1)
_ANSWERED = timedelta(minutes=2)
_STATE_BYTES = 48
_MARK_DIGITS = 16
_REACHABLE = "set MAILDOCK_PUBLIC_URL to an https address at which the internet reaches this service"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The subscription that a mailbox should have: where it tells of what."""

    url: str
    resource: str

    @property
    def mark(self) -> str:
        """What the client state of such a subscription ends with, so that one for anything else is told apart."""
        return hashlib.sha256(f"{self.url} {self.resource}".encode()).hexdigest()[:_MARK_DIGITS]


def notification_url(public_url: str, mailbox: Mailbox) -> str:
    """Give where Graph tells us of new mail."""
    return f"{public_url.rstrip('/')}/webhooks/microsoft/{mailbox.tenant}/{mailbox.provider_id}"


class Subscriptions:
    """Keeps the subscriptions; `public_url` is where webhooks are reached."""

    def __init__(self, client: Client, database: Database, public_url: str) -> None:
        self._client = client
        self._database = database
        self._public_url = public_url

    def unreachable(self, opened: Opened) -> str | None:
        """Say why Graph could not reach us, `None` where it can."""
        try:
            public = Origin.parse(self._public_url)
        except UsageError as problem:
            return str(problem)
        if public.scheme == "https" or opened.settings.graph.is_loopback:
            return None
        return f"Microsoft cannot reach {public}"

    def wanted(self, opened: Opened) -> Wanted:
        """Give what should be watched, and where it is told."""
        mailbox = opened.mailbox
        return Wanted(notification_url(self._public_url, mailbox), calls.resource(mailbox, opened.settings.folder))

    async def current(self, opened: Opened) -> SubscriptionRow | None:
        """Give the subscription that the mailbox has."""
        mark = self.wanted(opened).mark
        return next((row for row in await self._rows(opened.mailbox) if _fits(row, mark)), None)

    async def last_problem(self, mailbox: Mailbox) -> tuple[str, str | None] | None:
        """Say why the last try to subscribe or to prolong failed, and what to do; `None` where it did not."""
        async with self._database.tenant(mailbox.tenant) as session:
            row = await email_providers.get(session, mailbox.provider_id)
        return (row.watch_error, row.watch_remedy) if row is not None and row.watch_error else None

    async def watch(self, mailbox: Mailbox) -> Push:
        """Prolong the subscription, or make one; why there is none is said in the answer.

        Raises what concerns the mailbox as a whole: `Unauthorized` and `Throttled`.
        """
        # The next look is days off: what was set a moment ago must be known.
        self._client.renew(mailbox)
        opened = await self._client.opened(mailbox)
        if self.unreachable(opened):
            # Polling is enough; nothing is amiss.
            return Push(datetime.now(UTC) + _LATER)
        try:
            return await self._kept(opened)
        except (DatabaseAway, Unauthorized, Throttled):
            raise
        except (AttachmentError, OutageError) as problem:
            log.warning("not subscribed", **_named(mailbox), error=loggable(problem))
            known = await self.current(opened)
            return _failed(problem, known.expires_at if known else None)

    async def unwatch(self, mailbox: Mailbox) -> None:
        """End all subscriptions of a mailbox, as far as Graph can be asked; none is taken for ours any more."""
        rows = await self._rows(mailbox)
        try:
            opened = await self._client.opened(mailbox)
            for row in rows:
                if row.subscription_id is not None:
                    await self._delete(opened, row.subscription_id)
            if any(row.subscription_id is None for row in rows):
                await self._delete_strays(opened)
        except (AttachmentError, OutageError) as problem:
            log.warning("not unsubscribed", **_named(mailbox), error=loggable(problem))
        await self._end(mailbox, [row.client_state for row in rows])

    async def _kept(self, opened: Opened) -> Push:
        mark = self.wanted(opened).mark
        rows = await self._rows(opened.mailbox)
        current = next((row for row in rows if _fits(row, mark)), None)
        expires_at = await self._prolonged(opened, current) if current else None
        if current is not None and expires_at is not None:
            await self._replaced(opened, [row for row in rows if row is not current])
            return Push(_half(expires_at), expires_at)
        expires_at = await self._made(opened)
        await self._replaced(opened, rows)
        return Push(_half(expires_at), expires_at)

    async def _prolonged(self, opened: Opened, row: SubscriptionRow) -> datetime | None:
        """Prolong a subscription; `None` where it is gone."""
        known = row.subscription_id or ""
        until = datetime.now(UTC) + LIFE
        try:
            content = await self._client.ask(opened, calls.prolong(known, calls.moment(until)))
            expires_at = fields.moment(content, "expirationDateTime") or until
        except NotThere:
            return None
        except Refused:
            try:
                await self._client.ask(opened, calls.reauthorize(known))
            except NotThere:
                return None
            expires_at = row.expires_at or until
        await self._confirm(opened.mailbox, row.client_state, known, expires_at)
        return expires_at

    async def _made(self, opened: Opened) -> datetime:
        """Make a subscription; gives when it ends."""
        mailbox, wanted = opened.mailbox, self.wanted(opened)
        state = f"{secrets.token_urlsafe(_STATE_BYTES)}.{wanted.mark}"
        async with self._database.tenant(mailbox.tenant) as session:
            await push_subscriptions.begin(session, mailbox.provider_id, state, wanted.url)
        until = datetime.now(UTC) + LIFE
        try:
            content = await self._client.ask(opened, _asked(wanted, state, until))
        except AttachmentError:
            # Refused for certain; after an outage it may exist all the same.
            await self._end(mailbox, [state])
            raise
        subscription_id = fields.key(content, "id")
        if not subscription_id:
            raise Unavailable("Graph's answer is no subscription")
        expires_at = fields.moment(content, "expirationDateTime") or until
        await self._confirm(mailbox, state, subscription_id, expires_at)
        return expires_at

    async def _replaced(self, opened: Opened, rows: list[SubscriptionRow]) -> None:
        """End what another subscription has taken the place of; what cannot be ended now is the next time."""
        try:
            for row in rows:
                if row.subscription_id is not None:
                    await self._delete(opened, row.subscription_id)
                    await self._end(opened.mailbox, [row.client_state])
            # One that has just been asked for may be another's, whose answer is still to come.
            unsure = [row for row in rows if row.subscription_id is None and _age(row) > _ANSWERED]
            if unsure:
                await self._delete_strays(opened)
                await self._end(opened.mailbox, [row.client_state for row in unsure])
        except DatabaseAway:
            raise
        except (AttachmentError, OutageError) as problem:
            log.warning("not unsubscribed", **_named(opened.mailbox), error=loggable(problem))

    async def _delete_strays(self, opened: Opened) -> None:
        """Delete those that tell us, though we never heard that they exist."""
        known = {row.subscription_id for row in await self._rows(opened.mailbox)}
        url = self.wanted(opened).url
        for one in paging.entries(await self._client.ask(opened, calls.subscriptions())):
            subscription_id = fields.key(one, "id")
            if fields.text(one, "notificationUrl") == url and subscription_id not in known:
                await self._delete(opened, subscription_id)

    async def _delete(self, opened: Opened, subscription_id: str) -> None:
        try:
            await self._client.ask(opened, calls.subscription("DELETE", subscription_id))
        except NotThere:
            return

    async def _rows(self, mailbox: Mailbox) -> list[SubscriptionRow]:
        async with self._database.tenant(mailbox.tenant) as session:
            return await push_subscriptions.every(session, mailbox.provider_id)

    async def _confirm(self, mailbox: Mailbox, state: str, subscription_id: str | None, expires_at: datetime) -> None:
        async with self._database.tenant(mailbox.tenant) as session:
            await push_subscriptions.confirm(session, mailbox.provider_id, state, subscription_id, expires_at)
            await push_subscriptions.forget_ended(session, mailbox.provider_id)

    async def _end(self, mailbox: Mailbox, states: list[str]) -> None:
        async with self._database.tenant(mailbox.tenant) as session:
            for state in states:
                await push_subscriptions.end(session, mailbox.provider_id, state)


def _fits(row: SubscriptionRow, mark: str) -> bool:
    return row.subscription_id is not None and row.client_state.endswith(f".{mark}")


def _age(row: SubscriptionRow) -> timedelta:
    return datetime.now(UTC) - row.created_at


def _asked(wanted: Wanted, state: str, until: datetime) -> Call:
    return calls.subscribe(
        {
            "changeType": "created",
            "notificationUrl": wanted.url,
            "lifecycleNotificationUrl": f"{wanted.url}/lifecycle",
            "resource": wanted.resource,
            "expirationDateTime": calls.moment(until),
            "clientState": state,
        }
    )


def _half(expires_at: datetime) -> datetime:
    now = datetime.now(UTC)
    return now + max((expires_at - now) / 2, _SOON)


def _named(mailbox: Mailbox) -> dict[str, str]:
    return {"tenant": str(mailbox.tenant), "provider_id": str(mailbox.provider_id)}


def _failed(problem: MaildockError, expires_at: datetime | None) -> Push:
    wait = timedelta(seconds=problem.retry_after or 0) if isinstance(problem, OutageError) else _SOON
    remedy = _REACHABLE if isinstance(problem, Refused) else None
    return Push(datetime.now(UTC) + max(wait, _SOON), expires_at, problem=str(problem), remedy=remedy)
