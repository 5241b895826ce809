"""Store: from a claimed ledger row to bytes in the spool, and what is known then.

Only the reading happens here, for one attachment at a time; `commit` takes what has been read, many at once, into
the object store and the tables.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from maildock.domain.eligibility import skip_reason
from maildock.domain.errors import Gone, KilledItsWorker, StorageFailure
from maildock.domain.failures import DEATHS_BEFORE_ALONE, History, judge_failure
from maildock.domain.message import PartKind
from maildock.flow.context import Context
from maildock.flow.unpack import UNOPENED, Unpacked, packed_range, unpack
from maildock.providers.base import AttachmentRef, EmailRef
from maildock.queue import Lease
from maildock.storage.keys import object_key
from maildock.storage.spool import OverLimit, SpoolFile
from maildock.tables.email_processed_attachments import ClaimedAttachment, Settled


@dataclass(frozen=True, slots=True)
class Spooled:
    """An attachment whose bytes are whole in the spool, and what is inside, if it is a container."""

    row: ClaimedAttachment
    file: SpoolFile
    inside: Unpacked = UNOPENED


async def read_attachment(context: Context, lease: Lease, kind: str, row: ClaimedAttachment) -> Spooled | Settled:
    """Stream the bytes of a claimed row into the spool, or say at once how the row ends.

    An error of any kind comes out as an error: the caller records it on this row, its siblings go on.
    """
    if row.claims > DEATHS_BEFORE_ALONE + 1:
        raise KilledItsWorker
    skip = skip_reason(PartKind(row.kind), row.size, context.policy, shown_inline=row.shown_inline, wished=row.keep)
    if skip:
        return skipped(row, skip)
    lease.check()
    email = EmailRef(lease.on.tenant, lease.on.provider_id, row.email_id, row.raw_sha256)
    try:
        file = await context.spool.spool(_bytes(context, kind, email, row), context.policy.max_attachment_bytes)
    except OverLimit:
        return skipped(row, "too_large")
    if row.kind != PartKind.CONTAINER:
        return Spooled(row, file)
    return Spooled(row, file, await unpack(row, file))


async def _bytes(context: Context, kind: str, email: EmailRef, row: ClaimedAttachment) -> AsyncIterator[bytes]:
    if row.kind != PartKind.PACKED:
        declared = (row.file_name, row.content_type, row.size)
        async for chunk in context.providers[kind].open(
            AttachmentRef(email, row.attachment_id, row.locator, *declared)
        ):
            yield chunk
        return
    if row.kept_sha256 is None:
        raise Gone("the container that this file came in was not kept")
    try:
        start, end = packed_range(row.locator)
        async for chunk in context.store.read(object_key(email.tenant, row.kept_sha256), start, end):
            yield chunk
    except FileNotFoundError as problem:
        raise StorageFailure("the container of this file is not in the file store; is its disk mounted?") from problem


def skipped(row: ClaimedAttachment, reason: str, message: str | None = None) -> Settled:
    """Settle a row as skipped; what it would be read from stays kept."""
    return Settled(
        row.email_id,
        row.attachment_id,
        "skipped",
        reason,
        message,
        attempts=row.attempts,
        kept_sha256=row.kept_sha256,
    )


def failed(context: Context, row: ClaimedAttachment, problem: Exception) -> Settled:
    """Settle a row after an error: to be tried again, or dead."""
    history = History(row.attempts, row.outages, row.failing_since)
    verdict = judge_failure(problem, history, context.rules, datetime.now(UTC))
    return Settled(
        row.email_id,
        row.attachment_id,
        verdict.status,
        verdict.reason,
        verdict.message,
        attempts=verdict.attempts,
        outages=verdict.outages,
        retry_in=verdict.retry_in,
        kept_sha256=row.kept_sha256,
    )
