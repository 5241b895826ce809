"""`/documents`."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from maildock.flow.context import Context
from maildock.tables import api_reads
from maildock.tables.api_reads import DocumentRow
from maildock.web import downloads
from maildock.web.caller import OF_IDS, Answers, Caller, House, binary, described
from maildock.web.problems import not_found
from maildock.web.shapes import Document

_BYTES = binary("*/*")
_TAG = {"ETag": {"description": "The SHA-256 in quotes", "schema": {"type": "string"}}}
_NAME = {"Content-Disposition": {"description": "Always a download", "schema": {"type": "string"}}}
_RANGE = {"Content-Range": {"description": "Which bytes", "schema": {"type": "string"}}}

BYTES: Answers = {
    200: {"description": "The bytes, of the type that the mail says", "content": _BYTES, "headers": _TAG | _NAME},
    206: {"description": "The ranges that were asked for", "content": _BYTES, "headers": _TAG | _NAME},
    304: {"description": "The client has these bytes", "headers": _TAG},
    416: {**described("The range lies beyond the end"), "headers": _RANGE},
}
ASKED = {
    "parameters": [
        {"in": "header", "name": name, "required": False, "schema": {"type": "string"}, "description": meaning}
        for name, meaning in (
            ("Range", "Up to 20 ranges of bytes; what is no range gets the whole"),
            ("If-Range", "Ranges only of the file with this ETag, else the whole"),
            ("If-None-Match", "ETags that the client has; 304 if this is one"),
        )
    ]
}

router = APIRouter(prefix="/documents", tags=["documents"])


@router.get("/{document_id}", responses=OF_IDS)
async def get_document(house: House, tenant: Caller, document_id: UUID) -> Document:
    """Give a document."""
    return Document.of(await _known(house, tenant, document_id))


@router.get("/{document_id}/content", response_class=Response, responses=OF_IDS | BYTES, openapi_extra=ASKED)
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
