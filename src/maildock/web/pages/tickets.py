"""`/tickets/{number}`: a ticket with its conversation and files."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from maildock.tables import desk, ticket_readings
from maildock.tables.desk import TicketHead
from maildock.tables.session import TenantSession
from maildock.web import cursors
from maildock.web.pages.consent import Consent
from maildock.web.pages.conversation import CUT_AT, CUT_WHOLE_AT, kept_pictures, show
from maildock.web.pages.panel import panel
from maildock.web.pages.refusals import bad_request
from maildock.web.pages.rendering import HEADERS, WITH_PICTURES, page
from maildock.web.pages.visit import SentForm, SignedIn
from maildock.web.problems import not_found

router = APIRouter(include_in_schema=False)

_PER_PAGE = 50

Pictures = Annotated[Sequence[str], Query()]


@router.get("/tickets/{number}")
async def show_ticket(visit: SignedIn, number: str, before: str | None = None, pictures: Pictures = ()) -> Response:
    """Show a ticket: what was said, the oldest first, and its files; `pictures` says whose pictures are loaded."""
    consent = Consent(visit, pictures)
    earlier_than: Any = cursors.read(before, "time", "uuid")
    async with visit.session() as session:
        head = await known(session, number)
        said = await desk.conversation(session, head.ticket_id, earlier_than, _PER_PAGE + 1, CUT_AT)
        said, rest = said[-_PER_PAGE:], len(said) > _PER_PAGE
        kept = await kept_pictures(session, head, said, consent.loads)
        files = await panel(session, head.ticket_id)
        if before is None:
            await ticket_readings.note(session, visit.person.user_id, head.ticket_id, head.updated_at)
    earlier = cursors.write(said[0].created_at, said[0].comment_id) if rest else None
    return page(
        "ticket.html",
        headers=WITH_PICTURES if consent.given else None,
        visit=visit,
        ticket=head,
        comments=await show(said, kept),
        consent=consent,
        before=before,
        earlier=earlier,
        latest=before is None,
        files=files,
    )


@router.get("/tickets/{number}/comments/{comment_id}")
async def show_comment(visit: SignedIn, number: str, comment_id: str, pictures: Pictures = ()) -> Response:
    """Show one comment of a ticket at its full length."""
    consent = Consent(visit, pictures)
    async with visit.session() as session:
        head = await known(session, number)
        said = await desk.comment(session, head.ticket_id, as_uuid(comment_id), CUT_WHOLE_AT)
        if said is None:
            raise not_found()
        kept = await kept_pictures(session, head, [said], consent.loads)
    (shown,) = await show([said], kept)
    headers = WITH_PICTURES if consent.given else None
    return page("comment.html", headers=headers, visit=visit, ticket=head, shown=shown, consent=consent)


@router.post("/tickets/{number}/status")
async def set_status(sent: SentForm, number: str) -> Response:
    """Close a ticket, or open it again."""
    status = sent.fields.get("status")
    if status not in ("open", "closed"):
        raise bad_request()
    async with sent.visit.session() as session:
        head = await known(session, number)
        await desk.set_ticket_status(session, head.ticket_id, status)
    return RedirectResponse(f"/tickets/{head.number}", 303, HEADERS)


async def known(session: TenantSession, number: str) -> TicketHead:
    """Give the ticket of this number; what cannot be one is not found."""
    plausible = number.isascii() and number.isdecimal() and len(number) <= len(str(cursors.LARGEST))
    head = await desk.ticket(session, int(number)) if plausible and int(number) < cursors.LARGEST else None
    if head is None:
        raise not_found()
    return head


def as_uuid(text: str) -> UUID:
    """Read an id in an address; what cannot be one is not found."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None
