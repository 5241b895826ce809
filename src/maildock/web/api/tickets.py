"""`/tickets`."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from maildock.flow.context import Context
from maildock.tables import api_reads
from maildock.tables.api_reads import TicketRow
from maildock.web import archive, cursors
from maildock.web.api.pages import Page
from maildock.web.caller import DEFAULT_LIMIT, OF_IDS, OF_QUERIES, Answers, Caller, Cursor, House, Limit, binary
from maildock.web.problems import not_found
from maildock.web.shapes import Attachment, Document, Ticket, TicketWithComments

router = APIRouter(prefix="/tickets", tags=["tickets"])

ARCHIVE: Answers = {
    200: {"description": "The archive, as a download", "content": binary("application/zip")},
}


@router.get("", responses=OF_QUERIES)
async def list_tickets(
    house: House, tenant: Caller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Ticket]:
    """List tickets, the newest first."""
    key = cursors.read(cursor, "int")
    async with house.database.tenant(tenant) as session:
        rows = await api_reads.tickets(session, key[0] if key else None, limit + 1)
    return Page[Ticket](**cursors.page(rows, limit, lambda row: (row.number,), Ticket.model_validate))


@router.get("/{ticket_id}", responses=OF_IDS)
async def get_ticket(house: House, tenant: Caller, ticket_id: UUID) -> TicketWithComments:
    """Give a ticket with what was said on it, the oldest first."""
    async with house.database.tenant(tenant) as session:
        row = await api_reads.ticket(session, ticket_id)
        comments = await api_reads.comments(session, ticket_id)
    if row is None:
        raise not_found()
    return TicketWithComments.of(row, comments)


@router.get("/{ticket_id}/documents", responses=OF_QUERIES | OF_IDS)
async def list_documents(
    house: House, tenant: Caller, ticket_id: UUID, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Document]:
    """List a ticket's documents, the newest first."""
    before: Any = cursors.read(cursor, "time", "uuid")
    await _known(house, tenant, ticket_id)
    async with house.database.tenant(tenant) as session:
        rows = await api_reads.documents(session, ticket_id, before, limit + 1)
    return Page[Document](**cursors.page(rows, limit, lambda row: (row.created_at, row.document_id), Document.of))


@router.get("/{ticket_id}/attachments", responses=OF_QUERIES | OF_IDS)
async def list_attachments(
    house: House, tenant: Caller, ticket_id: UUID, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Attachment]:
    """List the ledger's rows of a ticket's mails, the newest first."""
    before: Any = cursors.read(cursor, "time", "uuid", "text", "text")
    await _known(house, tenant, ticket_id)
    async with house.database.tenant(tenant) as session:
        rows = await api_reads.attachments(session, ticket_id=ticket_id, before=before, limit=limit + 1)
    return Page[Attachment](
        **cursors.page(
            rows,
            limit,
            lambda row: (row.created_at, row.provider_id, row.email_id, row.attachment_id),
            Attachment.of,
        )
    )


@router.get("/{ticket_id}/documents.zip", response_class=Response, responses=OF_IDS | ARCHIVE)
@router.head("/{ticket_id}/documents.zip", include_in_schema=False)
async def download_all(request: Request, house: House, tenant: Caller, ticket_id: UUID) -> Response:
    """Download all documents of a ticket in one archive."""
    ticket = await _known(house, tenant, ticket_id)
    async with house.database.tenant(tenant) as session:
        rows = await api_reads.documents(session, ticket_id, None, None)
    return await archive.download(house.store, rows, f"ticket-{ticket.number}.zip", head=request.method == "HEAD")


async def _known(house: Context, tenant: UUID, ticket_id: UUID) -> TicketRow:
    async with house.database.tenant(tenant) as session:
        row = await api_reads.ticket(session, ticket_id)
    if row is None:
        raise not_found()
    return row
