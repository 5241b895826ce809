"""`/tickets/{number}/events`: what changes on a ticket, told as it happens (server-sent events, HTML 9.2)."""

import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from maildock.access.login import is_open
from maildock.tables.desk import TicketHead
from maildock.tables.ticket_versions import Version
from maildock.web.pages.rendering import HEADERS
from maildock.web.pages.tickets import known
from maildock.web.pages.visit import SignedIn, Visit
from maildock.web.watch import Watch

router = APIRouter(include_in_schema=False)

_LONGEST_SECONDS = 900.0  # the browser comes back by itself, and is asked again who it is
_ASK_SECONDS = 30.0
_HEADERS = {**HEADERS, "X-Accel-Buffering": "no"}


@router.get("/tickets/{number}/events")
async def events(request: Request, visit: SignedIn, number: str, files: str = "", said: str = "") -> Response:
    """Tell what differs from the versions that the page shows, from now on."""
    async with visit.session() as session:
        head = await known(session, number)
    watch: Watch = request.app.state.watch
    if watch.is_full:
        return Response(status_code=204, headers=HEADERS)
    shown = Version(head.ticket_id, files, said)
    return StreamingResponse(_told(watch, visit, head, shown), headers=_HEADERS, media_type="text/event-stream")


async def _told(watch: Watch, visit: Visit, head: TicketHead, shown: Version) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    begun = asked = time.monotonic()
    async for version in watch.changes(visit.tenant, head.ticket_id):
        now = time.monotonic()
        if now - asked > _ASK_SECONDS:
            asked = now
            if not await is_open(visit.context.database, visit.person):
                return
        yield "".join(_news(version, shown)) if version else ":\n\n"
        shown = version or shown
        if now - begun > _LONGEST_SECONDS:
            return


def _news(version: Version, shown: Version) -> list[str]:
    return [
        f"event: {name}\ndata: {getattr(version, name)}\n\n"
        for name in ("files", "said")
        if getattr(version, name) != getattr(shown, name)
    ]
