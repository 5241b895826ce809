"""`/tickets/{number}/documents`: the panel by itself, downloads, previews, and a second try for what is not stored."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.flow.retry import AttachmentAddress, retry
from maildock.tables import api_reads, desk
from maildock.tables.api_reads import DocumentRow
from maildock.tables.desk import TicketHead
from maildock.web import archive, downloads, previews
from maildock.web.pages.panel import panel
from maildock.web.pages.refusals import bad_request
from maildock.web.pages.rendering import HEADERS, WITH_FRAMES, page
from maildock.web.pages.tickets import as_uuid, known
from maildock.web.pages.visit import SentForm, SignedIn, Visit
from maildock.web.problems import not_found
from maildock.web.texts import storable

router = APIRouter(include_in_schema=False)


@router.get("/tickets/{number}/documents")
async def show_panel(visit: SignedIn, number: str) -> Response:
    """Give the panel by itself, for a page that keeps it up to date."""
    async with visit.session() as session:
        head = await known(session, number)
        files = await panel(session, head.ticket_id)
    return page("documents.html", visit=visit, ticket=head, files=files)


@router.get("/tickets/{number}/documents.zip")
async def download_all(visit: SignedIn, number: str) -> Response:
    """Download all documents of a ticket in one archive."""
    async with visit.session() as session:
        head = await known(session, number)
        rows = await api_reads.documents(session, head.ticket_id, None, None)
    return await archive.download(visit.context.store, rows, f"ticket-{head.number}.zip")


@router.api_route("/tickets/{number}/documents/{document_id}", methods=["GET", "HEAD"])
async def download(request: Request, visit: SignedIn, number: str, document_id: str) -> Response:
    """Download a document of a ticket."""
    _, row = await _document(visit, number, document_id)
    return await downloads.download(request, visit.context.store, row)


@router.get("/tickets/{number}/documents/{document_id}/view")
async def view(visit: SignedIn, number: str, document_id: str) -> Response:
    """Show a document in a frame of its own."""
    head, row = await _document(visit, number, document_id)
    kind = previews.kind(row.content_type, row.name, row.size)
    return page("document.html", headers=WITH_FRAMES, visit=visit, ticket=head, document=row, kind=kind)


@router.get("/tickets/{number}/documents/{document_id}/content")
async def content(request: Request, visit: SignedIn, number: str, document_id: str) -> Response:
    """Give that frame its picture or text, in a sandbox."""
    _, row = await _document(visit, number, document_id)
    return await previews.preview(request, visit.context.store, row)


async def _document(visit: Visit, number: str, document_id: str) -> tuple[TicketHead, DocumentRow]:
    async with visit.session() as session:
        head = await known(session, number)
        row = await api_reads.document(session, as_uuid(document_id))
    if row is None or row.ticket_id != head.ticket_id:
        raise not_found()
    return head, row


@router.post("/tickets/{number}/attachments/retry")
async def try_again(sent: SentForm, number: str) -> Response:
    """Make a part of one of the ticket's mails due again, on a person's wish."""
    address = _address(sent.fields)
    async with sent.visit.session() as session:
        head = await known(session, number)
        if not await desk.has_part(
            session, head.ticket_id, address.provider_id, address.email_id, address.attachment_id
        ):
            raise not_found()
    await retry(sent.visit.context, sent.visit.tenant, address, keep_inline=True)
    return RedirectResponse(f"/tickets/{head.number}#documents", 303, HEADERS)


def _address(fields: dict[str, str]) -> AttachmentAddress:
    email_id, attachment_id = fields.get("email_id", ""), fields.get("attachment_id", "")
    if not storable(email_id + attachment_id):
        raise bad_request()
    try:
        return AttachmentAddress(UUID(fields.get("provider_id", "")), email_id, attachment_id)
    except ValueError:
        raise bad_request() from None
