"""File: one transaction that makes the ticket or comment and a ledger row for every part of the mail."""

from dataclasses import dataclass
from uuid import UUID

from maildock.domain import ids, threading
from maildock.domain.eligibility import judge
from maildock.domain.errors import LostClaim
from maildock.domain.message import InboundMessage, Part
from maildock.domain.quoting import without_history
from maildock.flow.context import Context
from maildock.providers.base import EmailRef
from maildock.queue import hint
from maildock.tables import comments, email_providers, message_fingerprints, tickets
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import email_processed_messages as messages
from maildock.tables.comments import NewComment
from maildock.tables.session import TenantSession

NO_SUBJECT = "(no subject)"


@dataclass(frozen=True, slots=True)
class Filed:
    """`outcome` is `created`, `replied` or `duplicate`; `parts` counts the ledger rows."""

    outcome: str
    ticket_id: UUID
    comment_id: UUID
    parts: int


async def ignore_message(context: Context, token: UUID, email: EmailRef, message: InboundMessage, why: str) -> None:
    """Write down that a mail makes no ticket; raises `LostClaim` when the claim `token` has passed on."""
    async with context.database.tenant(email.tenant) as session:
        if not await messages.ignore(session, email.provider_id, email.email_id, token, why, message.received_at):
            raise LostClaim


async def file_message(context: Context, token: UUID, email: EmailRef, message: InboundMessage) -> Filed:
    """File a mail under the claim `token`; raises `LostClaim`, with nothing written, when that has passed on."""
    parts = judge(_offered(context, email, message), context.policy)
    reply_text = without_history(message.body_text, message.subject)
    async with context.database.tenant(email.tenant) as session:
        twin = await _first_copy(session, email, message)
        if twin is None:
            outcome, ticket_id, comment_id = await _comment(session, email, message, reply_text)
        else:
            outcome, (ticket_id, comment_id) = "duplicate", twin
            await comments.mark_twinned(session, comment_id)
        filed = Filed(outcome, ticket_id, comment_id, len(parts))
        await _settle(session, token, email, message, filed)
        await attachments.insert(session, email.provider_id, email.email_id, ticket_id, comment_id, parts)
        await email_providers.note_mail(session, email.provider_id)
        if any(part.skip is None for part in parts):
            await hint(session, email.provider_id, "files")
    return filed


def _offered(context: Context, email: EmailRef, message: InboundMessage) -> tuple[Part, ...]:
    if not context.keep_original or email.raw_sha256 is None:
        return message.parts
    stem = (message.subject or "original").replace("/", "_").strip() or "original"
    name = stem.encode()[:200].decode(errors="ignore") + ".eml"
    return (*message.parts, Part(ids.ORIGINAL, "", name, "message/rfc822", email.raw_size))


async def _first_copy(session: TenantSession, email: EmailRef, message: InboundMessage) -> tuple[UUID, UUID] | None:
    """Give the ticket and comment of an earlier copy of this very mail, `None` when this is the first."""
    fingerprint = ids.fingerprint(message)
    if fingerprint is None:
        return None
    provider_id, email_id = await message_fingerprints.first_of(session, fingerprint, email.provider_id, email.email_id)
    if (provider_id, email_id) == (email.provider_id, email.email_id):
        return None
    first = (await messages.states(session, provider_id, [email_id]))[email_id]
    if first.ticket_id is None or first.comment_id is None:
        raise LookupError("a fingerprint is written together with its ticket")
    return first.ticket_id, first.comment_id


async def _comment(
    session: TenantSession, email: EmailRef, message: InboundMessage, reply_text: str
) -> tuple[str, UUID, UUID]:
    author = message.sender.address if message.sender else None
    author_name = message.sender.name if message.sender else ""
    author_hash = ids.text_hash((author or "").lower())
    ticket_id = await _existing_ticket(session, email, message, author_hash)
    outcome = "replied" if ticket_id else "created"
    if ticket_id:
        author_is_new = not await comments.takes_part(session, ticket_id, author_hash)
        await tickets.note_comment(session, ticket_id, opens=not message.auto_reply)
    else:
        author_is_new = False
        ticket_id = ids.ticket_id(email.tenant, email.provider_id, email.email_id)
        await tickets.create(session, ticket_id, message.subject or NO_SUBJECT, author, author_name)
    comment_id = ids.comment_id(email.tenant, email.provider_id, email.email_id)
    comment = NewComment(
        comment_id=comment_id,
        ticket_id=ticket_id,
        author=author,
        author_name=author_name,
        author_hash=author_hash,
        author_is_new=author_is_new,
        automatic=message.automatic,
        body_text=message.body_text,
        body_html=message.body_html,
        reply_text=reply_text,
        message_id=message.message_id,
        provider_id=email.provider_id,
        email_id=email.email_id,
    )
    await comments.create(session, comment)
    return outcome, ticket_id, comment_id


async def _existing_ticket(
    session: TenantSession, email: EmailRef, message: InboundMessage, author_hash: bytes
) -> UUID | None:
    answered = threading.ancestors(message)
    if answered:
        found = threading.first_known(answered, await messages.tickets_of(session, answered))
        if found:
            return found
    if message.thread_id:
        found = await messages.ticket_of_thread(session, email.provider_id, ids.text_hash(message.thread_id))
        if found:
            return found
    numbers = threading.ticket_numbers(message.subject) if message.sender else ()
    return await tickets.numbered_with(session, numbers, author_hash) if numbers else None


async def _settle(session: TenantSession, token: UUID, email: EmailRef, message: InboundMessage, filed: Filed) -> None:
    settled = await messages.settle(
        session,
        email.provider_id,
        email.email_id,
        token,
        status="duplicate" if filed.outcome == "duplicate" else "filed",
        ticket_id=filed.ticket_id,
        comment_id=filed.comment_id,
        message_id=message.message_id,
        message_id_hash=ids.text_hash(message.message_id) if message.message_id else None,
        thread_hash=ids.text_hash(message.thread_id) if message.thread_id else None,
        sender=message.sender.address if message.sender else None,
        subject=message.subject,
        received_at=message.received_at,
    )
    if not settled:
        raise LostClaim
