"""Check: the database against the store, both ways, every byte read again; and mend what can be mended."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from maildock.domain.errors import StorageFailure
from maildock.flow.context import Context
from maildock.queue import hint
from maildock.storage.keys import object_key, parse_key
from maildock.tables import email_processed_attachments as attachments
from maildock.tables import objects, tenants
from maildock.tables.objects import UNTOUCHED_MINUTES, ObjectRow
from maildock.tables.session import TenantSession

BATCH = 500


@dataclass(slots=True)
class Findings:
    """What is wrong: storage keys, and addresses of ledger rows that a dead worker left claimed."""

    checked: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.damaged or self.orphaned or self.stuck)


async def check(context: Context, *, repair: bool = False) -> AsyncIterator[Findings]:
    """Check everything; gives the findings so far after each object, the last time they are complete.

    Raises `StorageFailure` where the store does not work. With `repair`, claims of dead workers are let go, orphans
    deleted, and attachments whose object is missing or damaged are stored again from where they came from, as far as
    that still has them.
    """
    findings = Findings()
    async with context.database.sweep() as session:
        everyone = await tenants.every(session)
    if repair:
        await _refuse_an_empty_store(context, [tenant.tenant for tenant in everyone])
    for tenant in everyone:
        async for row in _rows(context, tenant.tenant):
            if row.state == "stored":
                findings.checked += 1
                await _check_object(context, tenant.tenant, row, findings, repair=repair)
                yield findings
        await _check_claims(context, tenant.tenant, findings, repair=repair)
    await _check_orphans(context, findings, {tenant.tenant for tenant in everyone}, repair=repair)
    yield findings


async def _refuse_an_empty_store(context: Context, everyone: list[UUID]) -> None:
    """Raise `StorageFailure` where rows know of objects and the store has none: then its disk is not there."""
    async for _ in context.store.list():
        return
    for tenant in everyone:
        async for row in _rows(context, tenant):
            if row.state == "stored":
                raise StorageFailure("the file store is empty, and the database knows of files; is its disk mounted?")


async def _rows(context: Context, tenant: UUID) -> AsyncIterator[ObjectRow]:
    after = ""
    while True:
        async with context.database.tenant(tenant) as session:
            rows = await objects.page(session, after, BATCH)
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        after = rows[-1].sha256


async def _check_object(context: Context, tenant: UUID, row: ObjectRow, findings: Findings, *, repair: bool) -> None:
    key = object_key(tenant, row.sha256)
    try:
        size, sha256 = await _digest(context, key)
    except FileNotFoundError:
        if not await _still_wanted(context, tenant, row):
            return
        findings.missing.append(key)
    else:
        if (size, sha256) == (row.size, row.sha256):
            return
        findings.damaged.append(key)
        # Damaged bytes are better than none.
        repair = repair and await _has_source(context, tenant, row.sha256)
        if repair:
            await context.store.delete(key)
    if repair:
        await _store_again(context, tenant, row.sha256)


async def _has_source(context: Context, tenant: UUID, sha256: str) -> bool:
    """Say whether these bytes can still be read from a mail, other than themselves."""
    async with context.database.tenant(tenant) as session:
        found = await attachments.sources_of(session, sha256)
    for raw in found:
        if raw is None or (raw != sha256 and await context.store.size(object_key(tenant, raw)) is not None):
            return True
    return False


async def _digest(context: Context, key: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    async for chunk in context.store.read(key):
        size += len(chunk)
        await asyncio.to_thread(digest.update, chunk)
    return size, digest.hexdigest()


async def _still_wanted(context: Context, tenant: UUID, row: ObjectRow) -> bool:
    """Say whether the row still stands: a worker may have deleted the object since the page was read."""
    async with context.database.tenant(tenant) as session:
        return await objects.is_stored(session, row.sha256)


async def _store_again(context: Context, tenant: UUID, sha256: str) -> None:
    async with context.database.tenant(tenant) as session:
        for provider_id in await attachments.make_due_again(session, sha256):
            await hint(session, provider_id, "files")


async def _check_claims(context: Context, tenant: UUID, findings: Findings, *, repair: bool) -> None:
    async with context.database.tenant(tenant) as session:
        lapsed = await attachments.lapsed(session)
        findings.stuck += [":".join(map(str, address)) for address in lapsed]
        if repair and lapsed:
            await _free(session)


async def _free(session: TenantSession) -> None:
    for provider_id in await attachments.free_lapsed(session):
        await hint(session, provider_id, "files")


async def _check_orphans(context: Context, findings: Findings, known: set[UUID], *, repair: bool) -> None:
    old_enough = datetime.now(UTC) - timedelta(minutes=UNTOUCHED_MINUTES)
    batch: list[tuple[UUID | None, str, str]] = []
    async for found in context.store.list():
        if found.modified > old_enough:
            continue
        parsed = parse_key(found.key)
        batch.append((parsed[0], parsed[1], found.key) if parsed else (None, "", found.key))
        if len(batch) == BATCH:
            await _check_batch(context, findings, known, batch, repair=repair)
            batch = []
    await _check_batch(context, findings, known, batch, repair=repair)


async def _check_batch(
    context: Context, findings: Findings, known: set[UUID], batch: list[tuple[UUID | None, str, str]], *, repair: bool
) -> None:
    for tenant in {one[0] for one in batch}:
        of_tenant = {sha256: key for owner, sha256, key in batch if owner == tenant}
        if tenant is None or tenant not in known:
            orphans = [key for owner, _, key in batch if owner == tenant]
        else:
            async with context.database.tenant(tenant) as session:
                orphans = [of_tenant[sha256] for sha256 in await objects.unknown(session, list(of_tenant))]
        findings.orphaned += orphans
        # A file that no key names is somebody else's; it is reported and left alone.
        if repair and tenant in known and tenant is not None:
            await _delete(context, tenant, orphans)


async def _delete(context: Context, tenant: UUID, keys: list[str]) -> None:
    for key in keys:
        parsed = parse_key(key)
        if parsed is None:
            continue
        async with context.database.tenant(tenant) as session:
            marked = await objects.claim_orphan(session, parsed[1])
        if not marked:
            continue
        await context.store.delete(key)
        async with context.database.tenant(tenant) as session:
            await objects.forget(session, [parsed[1]])
