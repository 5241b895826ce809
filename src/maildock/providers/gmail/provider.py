"""The provider of kind `gmail`: what each step is done by."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from maildock.domain.errors import AttachmentError, Unauthorized
from maildock.domain.message import InboundMessage
from maildock.providers.base import AttachmentRef, Changes, EmailRef, Mailbox, Push, Step
from maildock.providers.connections import Connections, Rehearsed
from maildock.providers.gmail import calls, push
from maildock.providers.gmail.attachments import Attachments
from maildock.providers.gmail.certificates import Certificates
from maildock.providers.gmail.changes import History
from maildock.providers.gmail.check import Checks
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.descriptions import Descriptions
from maildock.providers.gmail.labels import Labels
from maildock.providers.gmail.messages import Messages
from maildock.providers.gmail.raw import RawMails
from maildock.providers.gmail.settings import push_address
from maildock.providers.gmail.watch import Watches
from maildock.providers.http import Http
from maildock.storage.spool import Spool
from maildock.tables.session import Database


class GmailProvider:
    """Gmail, for all mailboxes; a `RemoteProvider`."""

    # Of the ten that Gmail answers at once, some are left for the mail itself and for people.
    files_at_once = 4
    # Gmail tells of one event a second, and drops the rest.
    echo_seconds: float | None = 3.0

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
        self._labels = Labels(self._client)
        descriptions = Descriptions(self._client)
        raw = RawMails(self._client, spool, max_message_bytes)
        self._attachments = Attachments(self._client, descriptions, raw)
        self._messages = Messages(self._client, descriptions, raw, self._attachments, spool, max_message_bytes)
        self._history = History(self._client, self._labels)
        self._watches = Watches(self._client, self._labels, database)
        self._checks = Checks(self._client, self._labels, self._watches)
        self._certificates = Certificates(http)
        self._public_url = public_url
        self._http = http
        self._database = database

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Read a message, without the bytes of its parts."""
        return await self._messages.read(email)

    def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream the bytes of a part."""
        return self._attachments.open(attachment)

    async def changes(self, mailbox: Mailbox, cursor: str | None) -> Changes:
        """Give the next page of what came into the label."""
        return await self._history.changes(mailbox, cursor)

    async def watch(self, mailbox: Mailbox) -> Push:
        """Have Gmail tell the topic of new mail."""
        return await self._watches.watch(mailbox)

    async def unwatch(self, mailbox: Mailbox) -> None:
        """Have Gmail tell nobody."""
        await self._watches.unwatch(mailbox)

    async def probe(self, mailbox: Mailbox) -> None:
        """Raise `Unauthorized` where Gmail does not let us in."""
        self._client.renew(mailbox)
        try:
            await self._client.ask(mailbox, calls.profile())
        except AttachmentError as problem:
            remedy = f"see what `maildock providers check {mailbox.provider_id}` says"
            raise Unauthorized(f"the mailbox does not open: {problem}", remedy) from problem

    def check(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try each step that the mailbox needs."""
        return self._checks.steps(mailbox)

    def way_of_pushes(self, mailbox: Mailbox) -> str:
        """Say where the topic must push to, and how."""
        address = push_address(self._public_url, mailbox.tenant, mailbox.provider_id)
        return (
            f"let the topic have a push subscription to {address}, with this address as its audience too, authenticated"
            " by the push service account; the log says why a push is refused"
        )

    def rehearse(self, mailbox: Mailbox, settings: str, secret: str) -> AsyncIterator[Step]:
        """Try what reading needs with a connection that is not written down."""
        client = Client(Rehearsed(mailbox, settings, secret), self._http)
        labels = Labels(client)
        return Checks(client, labels, Watches(client, labels, self._database)).reading(mailbox)

    async def verify_push(self, mailbox: Mailbox, authorization_header: str, body: bytes) -> bool:
        """Say whether a push is about the mailbox: a topic sends what it hears to the addresses of all its mailboxes.

        Raises `BadToken` unless Google pushed this to the mailbox's address, `Unavailable` where that cannot be known
        now.
        """
        settings = (await self._client.opened(mailbox)).settings
        token = push.bearer(authorization_header)
        key_id = push.key_id_of(token)
        keys = await self._certificates.keys(settings.certs, key_id) if settings.push_service_account else {}
        audience = push_address(self._public_url, mailbox.tenant, mailbox.provider_id)
        push.verify(token, keys, audience, settings.push_service_account, datetime.now(UTC))
        return push.parse(body).email_address.casefold() == mailbox.address.casefold()
