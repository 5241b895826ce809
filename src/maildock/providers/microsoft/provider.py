"""The provider of kind `microsoft`."""

from collections.abc import AsyncIterator

from maildock.domain.message import InboundMessage
from maildock.providers.base import AttachmentRef, Changes, EmailRef, Mailbox, Push, Step
from maildock.providers.connections import Connections
from maildock.providers.http import Http
from maildock.providers.microsoft import changes, check, messages
from maildock.providers.microsoft.client import Client, Graph
from maildock.providers.microsoft.content import Opener
from maildock.providers.microsoft.subscriptions import Subscriber
from maildock.storage.spool import Spool
from maildock.tables.session import Database


class MicrosoftProvider:
    """Microsoft 365 mailboxes, through Graph."""

    # Graph takes four requests at once for a mailbox: one for mail, two for files, one for people's checks.
    files_at_once = 2

    def __init__(
        self,
        connections: Connections,
        http: Http,
        database: Database,
        spool: Spool,
        public_url: str,
        max_message_bytes: int,
    ) -> None:
        self._client = Client(connections, http)
        self._database = database
        self._subscriber = Subscriber(database, public_url)
        self._opener = Opener(spool, max_message_bytes)

    async def _graph(self, mailbox: Mailbox | EmailRef) -> Graph:
        return await self._client.graph(mailbox.tenant, mailbox.provider_id)

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Read a message and the list of its attachments."""
        return await messages.fetch(await self._graph(email), email.email_id)

    async def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream an attachment."""
        async for chunk in self._opener.open(await self._graph(attachment.email), attachment):
            yield chunk

    async def changes(self, mailbox: Mailbox, cursor: str | None) -> Changes:
        """Give the next page of what came in."""
        return await changes.changes(await self._graph(mailbox), mailbox.since, cursor)

    async def watch(self, mailbox: Mailbox) -> Push:
        """Subscribe, or renew the subscription."""
        return await self._subscriber.watch(await self._graph(mailbox))

    async def unwatch(self, mailbox: Mailbox) -> None:
        """End all subscriptions."""
        await self._subscriber.unwatch(await self._graph(mailbox))

    async def probe(self, mailbox: Mailbox) -> None:
        """Raise `Unauthorized` where the mailbox as a whole is closed."""
        await check.probe(await self._graph(mailbox))

    async def check(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try token, folder, messages and push."""
        async for step in check.check(await self._graph(mailbox), self._database, self._subscriber):
            yield step
