"""Commit: what has been read into the spool becomes objects, documents and settled rows, many at once.

First every object's row is announced, then its bytes are put, then ONE transaction refers to them. A crash between
any two of these leaves nothing that says `stored` and isn't.
"""

from collections.abc import Sequence
from uuid import UUID

from maildock.domain import ids
from maildock.domain.eligibility import judge
from maildock.domain.errors import LostClaim
from maildock.flow.context import Context
from maildock.flow.store import Spooled, failed
from maildock.queue import Lease, hint
from maildock.storage.keys import object_key
from maildock.tables import comments, documents, objects, tenants
from maildock.tables import email_processed_attachments as attachments
from maildock.tables.documents import NewDocument
from maildock.tables.email_processed_attachments import Settled
from maildock.tables.objects import ObjectVanishing
from maildock.tables.session import TenantSession


async def commit(context: Context, lease: Lease, outcomes: Sequence[Spooled | Settled]) -> list[Settled]:
    """Settle the rows of a group of one mailbox; gives what was written.

    A store that fails fails its own attachments only. Raises `LostClaim` when the lease has passed on; rows whose
    claim alone was lost are left out of the result.
    """
    spooled = [outcome for outcome in outcomes if isinstance(outcome, Spooled)]
    settled = [outcome for outcome in outcomes if isinstance(outcome, Settled)]
    try:
        if spooled:
            put, failures = await _put(context, lease, spooled)
            settled += failures
        else:
            put = []
        return await _write(context, lease, put, settled)
    finally:
        for outcome in spooled:
            await context.spool.discard(outcome.file)


async def _put(context: Context, lease: Lease, spooled: Sequence[Spooled]) -> tuple[list[Spooled], list[Settled]]:
    tenant = lease.on.tenant
    try:
        async with context.database.tenant(tenant) as session:
            await objects.reserve(session, [(outcome.file.sha256, outcome.file.size) for outcome in spooled])
    except ObjectVanishing as problem:
        return [], [failed(context, outcome.row, problem) for outcome in spooled]
    objects_put = [(object_key(tenant, outcome.file.sha256), outcome.file) for outcome in spooled]
    problems = await context.store.put_all(objects_put)
    put = [outcome for outcome, problem in zip(spooled, problems, strict=True) if problem is None]
    failures = [
        failed(context, outcome.row, problem) for outcome, problem in zip(spooled, problems, strict=True) if problem
    ]
    return put, failures


async def _write(context: Context, lease: Lease, put: Sequence[Spooled], settled: Sequence[Settled]) -> list[Settled]:
    lease.check()
    keys = [(outcome.row.email_id, outcome.row.attachment_id) for outcome in put]
    keys += [(outcome.email_id, outcome.attachment_id) for outcome in settled]
    async with context.database.tenant(lease.on.tenant) as session:
        held = await attachments.lock_claims(session, lease.on.provider_id, lease.token, keys)
        mine = [outcome for outcome in put if (outcome.row.email_id, outcome.row.attachment_id) in held]
        results = [outcome for outcome in settled if (outcome.email_id, outcome.attachment_id) in held]
        if mine:
            results += await _refer(session, context, lease, mine)
        if results:
            written = await attachments.settle(session, lease.on.provider_id, lease.token, results)
            if written != len(results):
                raise LostClaim
    return results


async def _refer(session: TenantSession, context: Context, lease: Lease, put: Sequence[Spooled]) -> list[Settled]:
    """Make documents of what is new, in the transaction that settles the rows."""
    await objects.confirm(session, [outcome.file.sha256 for outcome in put])
    twinned = await comments.lock_twinned(session, [outcome.row.comment_id for outcome in put])
    # What copies of the same mail have stored, by comment and content; this group adds to it as it goes.
    stored = await attachments.twins(session, twinned) if twinned else {}
    results: list[Settled] = []
    new: list[NewDocument] = []
    for outcome in put:
        await _insert_members(session, context, lease, outcome)
        if outcome.inside.only_wrapping:
            results.append(_container(outcome))
            continue
        document = _document(lease.on.tenant, lease.on.provider_id, outcome)
        here = (lease.on.provider_id, outcome.row.email_id, document.document_id)
        first = here
        if outcome.row.comment_id in twinned:
            first = stored.setdefault((outcome.row.comment_id, outcome.file.sha256), here)
        if first[:2] != here[:2]:
            results.append(_duplicate(outcome, first[2]))
        else:
            new.append(document)
            results.append(_stored(outcome, document))
    if new:
        await documents.create(session, await tenants.system_user(session), new)
    return results


async def _insert_members(session: TenantSession, context: Context, lease: Lease, outcome: Spooled) -> None:
    row = outcome.row
    members = judge(outcome.inside.members, context.policy)
    if not members:
        return
    await attachments.insert(
        session,
        lease.on.provider_id,
        row.email_id,
        row.ticket_id,
        row.comment_id,
        members,
        kept_sha256=outcome.file.sha256,
    )
    await hint(session, lease.on.provider_id, "files")


def _container(outcome: Spooled) -> Settled:
    row, file = outcome.row, outcome.file
    return Settled(row.email_id, row.attachment_id, "skipped", "container", size=file.size, sha256=file.sha256)


def _duplicate(outcome: Spooled, document_id: UUID) -> Settled:
    row, file = outcome.row, outcome.file
    return Settled(
        row.email_id,
        row.attachment_id,
        "skipped",
        "duplicate",
        document_id=document_id,
        size=file.size,
        sha256=file.sha256,
        kept_sha256=row.kept_sha256,
    )


def _document(tenant: UUID, provider_id: UUID, outcome: Spooled) -> NewDocument:
    row, file = outcome.row, outcome.file
    key = (tenant, provider_id, row.email_id, row.attachment_id)
    return NewDocument(
        file_id=ids.file_id(*key),
        document_id=ids.document_id(*key),
        association_id=ids.association_id(*key),
        ticket_id=row.ticket_id,
        storage_key=object_key(tenant, file.sha256),
        sha256=file.sha256,
        size=file.size,
        content_type=row.content_type,
        name=row.file_name,
    )


def _stored(outcome: Spooled, document: NewDocument) -> Settled:
    row = outcome.row
    return Settled(
        row.email_id,
        row.attachment_id,
        "stored",
        attempts=row.attempts,
        file_id=document.file_id,
        document_id=document.document_id,
        size=document.size,
        sha256=document.sha256,
    )
