"""`/mail`: every mail that came in, every part of it, what became of them, and a form to send a mail in."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.domain.errors import MessageTooLarge, NotAMessage
from maildock.domain.ids import file_provider_id
from maildock.flow.receive import receive_raw
from maildock.flow.retry import retry_all_failed
from maildock.tables import mail_log
from maildock.tables.mail_log import MAIL_STATUSES, PART_STATUSES
from maildock.web import cursors
from maildock.web.pages.filters import Asked, Filters
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.upload import Upload, read_upload
from maildock.web.pages.visit import AdminForm, SignedIn, Visit, check_csrf, check_origin

router = APIRouter(include_in_schema=False)

_PER_PAGE = 50
_MOST_MAILBOXES = 1000
_NOTICES = {
    "": "",
    "new": "The mail was taken in. It becomes a ticket, or a reply on one, in a moment.",
    "known": "This very mail had come in before; nothing was done again.",
    "retried": "Whatever had failed or was given up is due again, and is tried in a moment.",
}


@router.get("/mail")
async def list_mail(visit: SignedIn, asked: Asked, cursor: str | None = None, taken: str = "") -> Response:
    """List the mails, the newest first."""
    return await _list(visit, asked, cursor, notice=_NOTICES.get(taken, ""))


@router.get("/mail/parts")
async def list_parts(visit: SignedIn, asked: Asked, cursor: str | None = None) -> Response:
    """List the parts of all mails, the newest first."""
    choice = asked.choice(PART_STATUSES)
    before: Any = cursors.read(cursor, "time", "uuid", "text", "text")
    async with visit.session() as session:
        rows = await mail_log.parts(session, choice, before, _PER_PAGE + 1)
        mailboxes = await mail_log.mailboxes(session, _MOST_MAILBOXES)
    last = rows[_PER_PAGE - 1] if len(rows) > _PER_PAGE else None
    key = (last.created_at, last.provider_id, last.email_id, last.attachment_id) if last else ()
    return page(
        "mail_parts.html",
        visit=visit,
        parts=rows[:_PER_PAGE],
        asked=asked,
        mailboxes=mailboxes,
        after=cursors.write(*key) if key else None,
        first=cursor is None,
    )


@router.post("/mail/retry-all")
async def retry_all(sent: AdminForm) -> Response:
    """Make everything due again that failed or was given up."""
    await retry_all_failed(sent.visit.context, sent.visit.tenant)
    return RedirectResponse("/mail?taken=retried", 303, HEADERS)


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
    visit: Visit,
    asked: Filters = Filters(),  # noqa: B008 - it is frozen
    cursor: str | None = None,
    *,
    notice: str = "",
    error: str = "",
    code: int = 200,
) -> Response:
    choice = asked.choice(MAIL_STATUSES)
    before: Any = cursors.read(cursor, "time", "uuid", "text")
    async with visit.session() as session:
        rows = await mail_log.mails(session, choice, before, _PER_PAGE + 1)
        mailboxes = await mail_log.mailboxes(session, _MOST_MAILBOXES)
    last = rows[_PER_PAGE - 1] if len(rows) > _PER_PAGE else None
    return page(
        "mail.html",
        code,
        visit=visit,
        mails=rows[:_PER_PAGE],
        asked=asked,
        mailboxes=mailboxes,
        after=cursors.write(last.created_at, last.provider_id, last.email_id) if last else None,
        first=cursor is None,
        notice=notice,
        error=error,
    )
