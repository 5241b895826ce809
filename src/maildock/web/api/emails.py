"""`/emails`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path

from maildock.tables import api_reads
from maildock.web import cursors
from maildock.web.api.pages import Page
from maildock.web.caller import DEFAULT_LIMIT, OF_IDS, OF_QUERIES, Caller, Cursor, House, Limit
from maildock.web.problems import not_found
from maildock.web.shapes import Email, EmailWithAttachments
from maildock.web.texts import storable

router = APIRouter(prefix="/emails", tags=["emails"])

Status = Literal["received", "filed", "duplicate", "ignored", "failed", "gone", "dead"]


@router.get("", responses=OF_QUERIES)
async def list_emails(
    house: House,
    tenant: Caller,
    status: Status | None = None,
    provider_id: UUID | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Email]:
    """List the mails that came in, the newest first."""
    before: Any = cursors.read(cursor, "time", "uuid", "text")
    async with house.database.tenant(tenant) as session:
        rows = await api_reads.emails(session, status=status, provider_id=provider_id, before=before, limit=limit + 1)
    return Page[Email](
        **cursors.page(rows, limit, lambda row: (row.created_at, row.provider_id, row.email_id), Email.of)
    )


# A provider's ids are opaque and may hold slashes, which a client may or may not encode.
@router.get("/{provider_id}/{email_id:path}", responses=OF_IDS)
async def get_email(
    house: House, tenant: Caller, provider_id: UUID, email_id: Annotated[str, Path(min_length=1)]
) -> EmailWithAttachments:
    """Give a mail with the ledger's rows of its parts."""
    if not storable(email_id):
        raise not_found()
    async with house.database.tenant(tenant) as session:
        row = await api_reads.email(session, provider_id, email_id)
        parts = await api_reads.attachments_of(session, provider_id, [email_id]) if row else []
    if row is None:
        raise not_found()
    return EmailWithAttachments.with_parts(row, parts)
