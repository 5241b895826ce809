"""The watch that makes Gmail tell a topic of new mail; it ends after a week unless it is renewed."""

from datetime import UTC, datetime, timedelta
from secrets import token_hex

from maildock.domain.errors import AttachmentError, NotThere, Unauthorized
from maildock.providers.base import Mailbox, Push
from maildock.providers.gmail import calls
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.labels import Labels
from maildock.tables import push_subscriptions
from maildock.tables.session import Database

_RENEW = timedelta(days=1)
_AGAIN = timedelta(hours=1)
_GRANT = (
    "make the topic in the project of the credentials, and let gmail-api-push@system.gserviceaccount.com publish to it"
)


class Watches:
    """Watches mailboxes that have a topic."""

    def __init__(self, client: Client, labels: Labels, database: Database) -> None:
        self._client = client
        self._labels = labels
        self._database = database

    async def watch(self, mailbox: Mailbox) -> Push:
        """Watch, or renew the watch; what is amiss with the topic or our rights is said, not raised."""
        now, granted = datetime.now(UTC), ""
        # The next look is a day off: what was set a moment ago must be known.
        self._client.renew(mailbox)
        try:
            settings = (await self._client.opened(mailbox)).settings
            if not settings.topic or not settings.push_service_account:
                await self.unwatch(mailbox)
                return Push(now + _RENEW)
            label = await self._labels.id_of(mailbox)
            state = await self._begin(mailbox, settings.topic)
            granted = f"; or: {_GRANT}"
            answer = await self._client.ask(mailbox, calls.watch(settings.topic, label))
        except NotThere as problem:
            return Push(now + _AGAIN, problem=f"the topic is not there: {problem}", remedy=_GRANT)
        except Unauthorized as problem:
            return Push(now + _AGAIN, problem=str(problem), remedy=f"{problem.remedy}{granted}")
        except AttachmentError as problem:
            return Push(now + _AGAIN, problem=f"Gmail does not watch the mailbox: {problem}", remedy=_GRANT)
        expires_at = _expiration(answer.get("expiration"), now)
        async with self._database.tenant(mailbox.tenant) as session:
            await push_subscriptions.confirm(session, mailbox.provider_id, state, None, expires_at)
        return Push(min(now + _RENEW, now + (expires_at - now) / 2), expires_at)

    async def unwatch(self, mailbox: Mailbox) -> None:
        """Stop the watch, if there is one."""
        async with self._database.tenant(mailbox.tenant) as session:
            rows = await push_subscriptions.every(session, mailbox.provider_id)
        if not rows:
            return
        await self._client.ask(mailbox, calls.stop())
        async with self._database.tenant(mailbox.tenant) as session:
            for row in rows:
                await push_subscriptions.end(session, mailbox.provider_id, row.client_state)

    async def _begin(self, mailbox: Mailbox, topic: str) -> str:
        """Write the watch down; a mailbox has one at a time. One that has ended is not begun again under its name."""
        async with self._database.tenant(mailbox.tenant) as session:
            await push_subscriptions.forget_ended(session, mailbox.provider_id)
            for row in await push_subscriptions.every(session, mailbox.provider_id):
                if row.address == topic:
                    return row.client_state
                await push_subscriptions.end(session, mailbox.provider_id, row.client_state)
            state = f"watch-{token_hex(8)}"
            await push_subscriptions.begin(session, mailbox.provider_id, state, topic)
            return state


def _expiration(content: object, now: datetime) -> datetime:
    """Read milliseconds since 1970, as text; without them a day is assumed."""
    try:
        return datetime.fromtimestamp(int(str(content)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return now + _RENEW
