"""The provider of kind `microsoft`: what each step is done by."""

from collections.abc import AsyncIterator

from maildock.domain.message import InboundMessage
from maildock.providers.base import AttachmentRef, Changes, EmailRef, Mailbox, Push, Step
from maildock.providers.connections import Connections, Rehearsed
from maildock.providers.http import Http
from maildock.providers.microsoft.attachments import Attachments
from maildock.providers.microsoft.changes import Deltas
from maildock.providers.microsoft.check import Checks
from maildock.providers.microsoft.client import Client
from maildock.providers.microsoft.messages import Messages
from maildock.providers.microsoft.raw import RawMails
from maildock.providers.microsoft.subscriptions import Subscriptions, notification_url
from maildock.storage.spool import Spool
from maildock.tables.session import Database


class MicrosoftProvider:
    """Microsoft 365, for all mailboxes; a `RemoteProvider`."""

    # Of the four that Graph answers at once, one is for the mail itself and one for people.
    files_at_once = 2
    echo_seconds: float | None = None

    def __init__(
        self,
        connections: Connections,
        http: Http,
        database: Database,
        spool: Spool,
        public_url: str,
        max_message_bytes: int,
    ) -> None:
        client = Client(connections, http)
        self._http = http
        self._database = database
        raw = RawMails(client, spool, max_message_bytes)
        self._messages = Messages(client, raw)
        self._attachments = Attachments(client, raw)
        self._deltas = Deltas(client)
        self._subscriptions = Subscriptions(client, database, public_url)
        self._public_url = public_url
        self._checks = Checks(client, self._subscriptions)

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Read a message, without the bytes of its attachments."""
        return await self._messages.read(email)

    def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream the bytes of an attachment."""
        return self._attachments.open(attachment)

    async def changes(self, mailbox: Mailbox, cursor: str | None) -> Changes:
        """Give the next page of what came into the folder."""
        return await self._deltas.changes(mailbox, cursor)

    async def watch(self, mailbox: Mailbox) -> Push:
        """Have Graph notify us of new mail."""
        return await self._subscriptions.watch(mailbox)

    async def unwatch(self, mailbox: Mailbox) -> None:
        """Have Graph notify us no longer."""
        await self._subscriptions.unwatch(mailbox)

    async def probe(self, mailbox: Mailbox) -> None:
        """Raise `Unauthorized` where Graph does not let us into the mailbox."""
        await self._checks.probe(mailbox)

    def check(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try each step that the mailbox needs."""
        return self._checks.steps(mailbox)

    def way_of_pushes(self, mailbox: Mailbox) -> str:
        """Say what Microsoft must reach."""
        return f"let Microsoft's posts through to {notification_url(self._public_url, mailbox)}, then send a mail there"

    def rehearse(self, mailbox: Mailbox, settings: str, secret: str) -> AsyncIterator[Step]:
        """Try what reading needs with a connection that is not written down."""
        client = Client(Rehearsed(mailbox, settings, secret), self._http)
        return Checks(client, Subscriptions(client, self._database, self._public_url)).reading(mailbox)
