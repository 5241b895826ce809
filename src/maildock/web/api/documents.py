"""`/documents`."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from maildock.flow.context import Context
from maildock.tables import api_reads
from maildock.tables.api_reads import DocumentRow
from maildock.web import downloads
from maildock.web.caller import Caller, House
from maildock.web.problems import not_found
from maildock.web.shapes import Document

BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The range that was asked for"},
    304: {"description": "The client has these bytes"},
    416: {"description": "The range lies beyond the end"},
}

router = APIRouter(prefix="/documents", tags=["documents"])


@router.get("/{document_id}")
async def get_document(house: House, tenant: Caller, document_id: UUID) -> Document:
    """Give a document."""
    return Document.of(await _known(house, tenant, document_id))


@router.get("/{document_id}/content", response_class=Response)
@router.head("/{document_id}/content", include_in_schema=False)
async def get_content(request: Request, house: House, tenant: Caller, document_id: UUID) -> Response:
    """Download a document's bytes, whole or a range of them (RFC 9110, 14)."""
    row = await _known(house, tenant, document_id)
    return await downloads.download(request, house.store, row)


async def _known(house: Context, tenant: UUID, document_id: UUID) -> DocumentRow:
    async with house.database.tenant(tenant) as session:
        row = await api_reads.document(session, document_id)
    if row is None:
        raise not_found()
    return row
