"""Connect: add a mailbox to a tenant, give it new credentials, or take it away."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from maildock.domain.errors import MaildockError, UsageError, loggable
from maildock.flow.context import Context
from maildock.flow.resume import resume
from maildock.mime.addresses import parse
from maildock.providers.base import Mailbox
from maildock.queue import hint
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers, mailbox_connections
from maildock.tables.email_providers import ProviderRow
from maildock.tables.session import TenantSession

log = structlog.get_logger(__name__)

REMOVED = "the mailbox was removed before this could be read"


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """A mailbox to connect: `settings` and `secret` are its kind's own JSON, mail from `since` on is taken in."""

    kind: str
    address: str
    settings: str
    secret: str
    since: datetime | None


def checked_address(text: str) -> str:
    """Give the one address that a text is; raises `UsageError` where it is none, or more."""
    found = parse([text.encode()])
    if len(found) != 1 or "@" not in found[0].address or found[0].address.lower() != text.strip().lower():
        raise UsageError(f"{text!r} is not an address such as desk@shop.example")
    return text.strip()


async def refuse_known(session: TenantSession, new: NewMailbox) -> None:
    """Raise `UsageError` where the mailbox is connected already."""
    known = await email_providers.connected(session, new.kind, new.address)
    if known is not None:
        raise UsageError(f"this mailbox is connected already, as provider {known}")


async def connect(context: Context, tenant: UUID, new: NewMailbox) -> UUID:
    """Connect a mailbox, which any running worker begins with at once; gives its `provider_id`."""
    provider_id = uuid4()
    sealed = context.sealer.seal(tenant, provider_id, new.secret)
    async with context.database.tenant(tenant) as session:
        await email_providers.connect_in_turn(session)
        await refuse_known(session, new)
        await email_providers.create(session, provider_id, new.kind, new.address, new.since)
        await mailbox_connections.create(session, provider_id, new.settings, sealed)
        await hint(session, provider_id, "mail")
    return provider_id


async def renew_secret(context: Context, tenant: UUID, provider_id: UUID, kind: str, secret: str) -> None:
    """Replace the credentials of a mailbox of this kind; one that was paused for the old ones goes on."""
    async with context.database.tenant(tenant) as session:
        row = await email_providers.get(session, provider_id)
        if row is not None and row.kind != kind:
            raise UsageError(f"this provider is of kind {row.kind}, and these credentials are for {kind}")
        if not await mailbox_connections.reseal(session, provider_id, context.sealer.seal(tenant, provider_id, secret)):
            raise UsageError("this provider has no credentials")
    if row is not None and row.self_paused:
        await resume(context, tenant, provider_id)


async def change_settings(context: Context, tenant: UUID, provider_id: UUID, settings: str) -> None:
    """Read a mailbox by other settings from now on; one that was paused for the old ones goes on."""
    async with context.database.tenant(tenant) as session:
        row = await email_providers.get(session, provider_id)
        if row is None or not await mailbox_connections.resettle(session, provider_id, settings):
            raise UsageError("this mailbox is not connected any more")
        await email_providers.watch_now(session, provider_id)
        await email_providers.poll_now(session, provider_id)
        await hint(session, provider_id, "mail")
    if row.self_paused:
        await resume(context, tenant, provider_id)


async def disconnect(context: Context, tenant: UUID, row: ProviderRow) -> None:
    """Take a mailbox away: its vendor notifies us no longer, its credentials are deleted, its tickets stay."""
    mailbox = Mailbox(tenant, row.provider_id, row.mailbox, row.since)
    try:
        await context.remote(row.kind).unwatch(mailbox)
    except MaildockError as problem:
        # It ends by itself in a few days.
        log.warning(
            "notifications not ended", tenant=str(tenant), provider_id=str(row.provider_id), error=loggable(problem)
        )
    async with context.database.tenant(tenant) as session:
        await email_providers.remove(session, row.provider_id)
        await mailbox_connections.forget(session, row.provider_id)
        await messages.abandon(session, row.provider_id, REMOVED)
        await attachments.abandon(session, row.provider_id, REMOVED)
