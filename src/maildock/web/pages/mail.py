"""`/mail`: every mail that came in and what became of it, and a form to send one in."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.domain.errors import MessageTooLarge, NotAMessage
from maildock.domain.ids import file_provider_id
from maildock.flow.receive import receive_raw
from maildock.tables import desk
from maildock.web import cursors
from maildock.web.pages import words
from maildock.web.pages.refusals import bad_request
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.upload import Upload, read_upload
from maildock.web.pages.visit import SignedIn, Visit, check_csrf, check_origin

router = APIRouter(include_in_schema=False)

_PER_PAGE = 50
_NOTICES = {
    "": "",
    "new": "The mail was taken in. It becomes a ticket, or a reply on one, in a moment.",
    "known": "This very mail had come in before; nothing was done again.",
}


@router.get("/mail")
async def list_mail(visit: SignedIn, status: str = "", cursor: str | None = None, taken: str = "") -> Response:
    """List the mails, the newest first."""
    if status and status not in words.MAIL_STATUS:
        raise bad_request()
    return await _list(visit, status, cursor, notice=_NOTICES.get(taken, ""))


@router.post("/mail")
async def upload(request: Request, visit: SignedIn) -> Response:
    """Take in a mail that a person has as a file."""
    check_origin(request)
    try:
        async with read_upload(request, visit.context.max_message_bytes) as sent:
            check_csrf(request, visit, sent.csrf)
            receipt = await receive_raw(visit.context, visit.tenant, file_provider_id(visit.tenant), _chunks(sent))
    except MessageTooLarge:
        return await _list(visit, error="That mail is larger than this installation takes.", code=413)
    except NotAMessage:
        return await _list(visit, error="That file is not a mail: it has no header line.", code=422)
    return RedirectResponse(f"/mail?taken={'new' if receipt.new else 'known'}", 303, HEADERS)


async def _chunks(sent: Upload) -> AsyncIterator[bytes]:
    while chunk := await sent.file.read(1 << 16):
        yield chunk


async def _list(
    visit: Visit, status: str = "", cursor: str | None = None, *, notice: str = "", error: str = "", code: int = 200
) -> Response:
    before: Any = cursors.read(cursor, "time", "uuid", "text")
    async with visit.session() as session:
        rows = await desk.mail(session, status, before, _PER_PAGE + 1)
    shown = rows[:_PER_PAGE]
    last = shown[-1] if len(rows) > _PER_PAGE else None
    after = cursors.write(last.created_at, last.provider_id, last.email_id) if last else None
    return page(
        "mail.html",
        code,
        visit=visit,
        mails=shown,
        status=status,
        after=after,
        first=cursor is None,
        notice=notice,
        error=error,
    )
