"""`/`: the list of tickets, searched, filtered and paged; all of that stands in the address."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from maildock.domain import search
from maildock.tables import ticket_list, ticket_readings
from maildock.tables.ticket_list import TicketLine, Wanted
from maildock.web import cursors
from maildock.web.pages.refusals import bad_request
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.visit import SentForm, SignedIn, Visit

router = APIRouter(include_in_schema=False)

_PER_PAGE = 50
_LONGEST_QUERY = 200  # characters
_FILTERS = {"open": "open", "closed": "closed", "all": ""}


@dataclass(frozen=True, slots=True)
class Look:
    """What the list shows: of which `status`, for which query `q`, from which `cursor` on."""

    status: str = "open"
    q: str = ""
    cursor: str | None = None

    def of(self, status: str) -> str:
        """Give the address of the same search in another status."""
        return replace(self, status=status, cursor=None).address

    def older(self, cursor: str | None) -> str:
        """Give the address of another page of the same list."""
        return replace(self, cursor=cursor).address

    @property
    def address(self) -> str:
        """The address of this very list."""
        default = Look()
        given = {name: getattr(self, name) for name in ("status", "q", "cursor")}
        fields = {name: value for name, value in given.items() if value != getattr(default, name)}
        return f"/?{urlencode(fields)}" if fields else "/"


@router.get("/")
async def list_tickets(visit: SignedIn, status: str = "open", q: str = "", cursor: str | None = None) -> Response:
    """List tickets, those with the newest mail first."""
    look = _look(status, q, cursor)
    named, rows = await _read(visit, look)
    shown = rows[:_PER_PAGE]
    after = cursors.write(shown[-1].updated_at, shown[-1].number) if len(rows) > _PER_PAGE else None
    first = {ticket.number for ticket in named}
    tickets = [*named, *(ticket for ticket in shown if ticket.number not in first)]
    return page("tickets.html", visit=visit, tickets=tickets, look=look, after=after)


def _look(status: str, q: str, cursor: str | None = None) -> Look:
    if status not in _FILTERS:
        raise bad_request()
    return Look(status, " ".join(q[:_LONGEST_QUERY].split()), cursor)


async def _read(visit: Visit, look: Look) -> tuple[list[TicketLine], list[TicketLine]]:
    """Give the ticket that a bare number names, which comes first, and those that are found besides."""
    before: Any = cursors.read(look.cursor, "time", "int")
    meant = search.ticket_number(look.q)
    terms = search.terms(look.q) if meant is None else []
    if look.q and not terms and meant is None:
        return [], []
    wanted = Wanted(_FILTERS[look.status], terms, before, meant)
    number = search.bare_number(look.q) if look.cursor is None else None
    async with visit.session() as session:
        found = await ticket_list.overview(session, visit.person.user_id, wanted, _PER_PAGE + 1)
        if number is None:
            return [], found
        named = Wanted(wanted.status, number=number)
        return await ticket_list.overview(session, visit.person.user_id, named, 1), found


@router.post("/tickets/read")
async def read_all(sent: SentForm) -> Response:
    """Show no ticket of up to now as unread, to this person."""
    look = _look(sent.fields.get("status", "open"), sent.fields.get("q", ""))
    async with sent.visit.session() as session:
        await ticket_readings.note_all(session, sent.visit.person.user_id)
    return RedirectResponse(look.address, 303, HEADERS)
