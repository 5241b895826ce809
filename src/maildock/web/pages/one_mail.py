"""`/mail/message`: one mail with its parts, a second try for it or for one of them, and its raw bytes.

A mail is named in the query, not in the path: a provider's ids may hold slashes and dots, which browsers rewrite there.
"""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from maildock.flow.retry import AttachmentAddress, retry
from maildock.flow.retry_mail import retry_mail
from maildock.storage.keys import object_key
from maildock.tables import mail_log
from maildock.tables.mail_log import MailHead
from maildock.tables.session import TenantSession
from maildock.web.downloads import disposition
from maildock.web.pages.refusals import bad_request
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.visit import SentForm, SignedIn
from maildock.web.problems import Problem, not_found
from maildock.web.texts import storable

router = APIRouter(include_in_schema=False)

_MOST_PARTS = 2000
_RAW_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
}

Provider = Annotated[str, Query()]
Email = Annotated[str, Query()]


@router.get("/mail/message")
async def show_mail(visit: SignedIn, provider: Provider = "", email: Email = "") -> Response:
    """Show what became of one mail."""
    async with visit.session() as session:
        head = await _known(session, provider, email)
        parts = await mail_log.parts_of(session, head.provider_id, head.email_id, _MOST_PARTS + 1)
    return page("mail_message.html", visit=visit, mail=head, parts=parts[:_MOST_PARTS], more=len(parts) > _MOST_PARTS)


@router.get("/mail/raw")
async def download_raw(visit: SignedIn, provider: Provider = "", email: Email = "") -> Response:
    """Download a mail as it came, while it is kept."""
    async with visit.session() as session:
        head = await _known(session, provider, email)
    if head.raw_sha256 is None:
        raise not_found()
    store, key = visit.context.store, object_key(visit.tenant, head.raw_sha256)
    size = await store.size(key)
    if size is None:
        raise Problem(503, "The file store does not have this mail; `maildock fsck` says more.", "storage")
    headers = {
        **_RAW_HEADERS,
        "Content-Disposition": disposition(f"{head.raw_sha256[:16]}.eml"),
        "Content-Length": str(size),
    }
    # Browsers show message/rfc822 when they can; this they save.
    return StreamingResponse(store.read(key), headers=headers, media_type="application/octet-stream")


@router.post("/mail/retry")
async def try_again(sent: SentForm) -> Response:
    """Make a mail due again, or one of its parts, on a person's wish."""
    fields, visit = sent.fields, sent.visit
    email_id, attachment_id = fields.get("email_id", ""), fields.get("attachment_id", "")
    if not storable(email_id + attachment_id):
        raise bad_request()
    try:
        provider_id = UUID(fields.get("provider_id", ""))
    except ValueError:
        raise bad_request() from None
    if attachment_id:
        address = AttachmentAddress(provider_id, email_id, attachment_id)
        before = await retry(visit.context, visit.tenant, address, keep_inline=True)
    else:
        before = await retry_mail(visit.context, visit.tenant, provider_id, email_id)
    if before is None:
        raise not_found()
    return RedirectResponse(f"/mail/message?{urlencode({'provider': provider_id, 'email': email_id})}", 303, HEADERS)


async def _known(session: TenantSession, provider: str, email: str) -> MailHead:
    try:
        provider_id = UUID(provider)
    except ValueError:
        raise not_found() from None
    head = await mail_log.mail(session, provider_id, email) if storable(email) else None
    if head is None:
        raise not_found()
    return head
