"""A tenant's desk in a test: mail goes in, and what became of it is looked up in the real tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, LiteralString

from maildock.domain.ids import file_provider_id
from maildock.flow.check import Findings, check
from maildock.flow.context import Context
from maildock.flow.receive import Receipt, receive_raw
from maildock.tables.tenants import Tenant
from maildock.worker.settle import settle
from maildock.worker.worker import Worker
from tests.mail import Mail

LEDGER: LiteralString = (
    "SELECT email_id, attachment_id, status, reason, file_name, content_type, size, sha256, error_message, attempts,"
    " claims, ticket_id, comment_id, file_id, document_id, next_attempt_at"
    " FROM email_processed_attachments WHERE tenant = %(tenant)s ORDER BY created_at, position"
)
DOCUMENTS: LiteralString = (
    "SELECT d.name, d.document_id, f.storage_key, f.sha256, f.size, f.content_type, a.entity_id AS ticket_id,"
    " d.created_by, f.uploaded_by FROM documents AS d"
    " JOIN file_stores AS f ON f.tenant = %(tenant)s AND f.file_id = d.file_id"
    " JOIN document_associations AS a ON a.tenant = %(tenant)s AND a.document_id = d.document_id"
    " WHERE d.tenant = %(tenant)s ORDER BY d.name, d.document_id"
)
TICKETS: LiteralString = (
    "SELECT ticket_id, number, subject, status, requester FROM tickets WHERE tenant = %(tenant)s ORDER BY number"
)
COMMENTS: LiteralString = (
    "SELECT comment_id, ticket_id, author, author_is_new, automatic, body_text, body_html, reply_text, twinned"
    " FROM comments WHERE tenant = %(tenant)s ORDER BY created_at"
)
EMAILS: LiteralString = (
    "SELECT email_id, status, ticket_id, comment_id, message_id, error_message, attempts, outages, claims, raw_sha256"
    " FROM email_processed_messages WHERE tenant = %(tenant)s ORDER BY created_at"
)


@dataclass(frozen=True)
class Desk:
    """One tenant on a running house."""

    context: Context
    tenant: Tenant

    async def receive(self, mail: Mail | bytes) -> Receipt:
        """Take a mail in, and no more."""
        raw = mail if isinstance(mail, bytes) else mail.raw()
        return await receive_raw(self.context, self.tenant.tenant, file_provider_id(self.tenant.tenant), stream(raw))

    async def ingest(self, *mails: Mail | bytes) -> list[Receipt]:
        """Take mails in, and work until they have settled."""
        receipts = [await self.receive(mail) for mail in mails]
        worker = Worker(self.context)
        provider_id = file_provider_id(self.tenant.tenant)
        try:
            await settle(
                self.context, worker, self.tenant.tenant, provider_id, [receipt.email_id for receipt in receipts]
            )
        finally:
            await worker.stop()
        return receipts

    async def all(self, statement: LiteralString, **params: object) -> list[dict[str, Any]]:
        """Run a statement of this tenant, and give its rows."""
        async with self.context.database.tenant(self.tenant.tenant) as session:
            cursor = await session._connection.execute(statement, {**params, "tenant": self.tenant.tenant})  # noqa: SLF001
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()] if names else []

    async def ledger(self) -> dict[str, dict[str, Any]]:
        """Give the ledger's rows by file name."""
        return {row["file_name"]: row for row in await self.all(LEDGER)}

    async def documents(self) -> dict[str, bytes]:
        """Give the documents' bytes by name; two of one name are an error."""
        found: dict[str, bytes] = {}
        for row in await self.all(DOCUMENTS):
            assert row["name"] not in found, f"{row['name']} is there twice"
            found[row["name"]] = b"".join([chunk async for chunk in self.context.store.read(row["storage_key"])])
            assert len(found[row["name"]]) == row["size"]
        return found

    async def fsck(self, *, repair: bool = False) -> Findings:
        """Check the database against the store."""
        return [findings async for findings in check(self.context, repair=repair)][-1]

    async def let_claims_lapse(self) -> None:
        """Let the time pass after which a dead worker's claims are anybody's."""
        await self.all("UPDATE mailbox_leases SET expires_at = now() WHERE tenant = %(tenant)s")
        await self.all(
            "UPDATE email_processed_messages SET claimed_until = now() - interval '1 second'"
            " WHERE tenant = %(tenant)s AND claimed_until IS NOT NULL"
        )
        await self.all(
            "UPDATE email_processed_attachments SET claimed_until = now() - interval '1 second'"
            " WHERE tenant = %(tenant)s AND claimed_until IS NOT NULL"
        )


async def stream(data: bytes, size: int = 1 << 16) -> AsyncIterator[bytes]:
    """Give bytes the way a socket does."""
    for at in range(0, len(data), size):
        yield data[at : at + size]
