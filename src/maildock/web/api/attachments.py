"""`/attachments`: the ledger."""

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StrictBool

from maildock.flow.retry import AttachmentAddress, retry
from maildock.tables import api_reads
from maildock.web import cursors
from maildock.web.api.pages import Page
from maildock.web.caller import DEFAULT_LIMIT, OF_IDS, OF_QUERIES, Answers, Caller, Cursor, House, Limit, described
from maildock.web.problems import not_found
from maildock.web.shapes import Attachment
from maildock.web.texts import Text

router = APIRouter(prefix="/attachments", tags=["attachments"])

Status = Literal["pending", "processing", "stored", "skipped", "failed", "dead"]


OF_WISHES: Answers = {
    413: described("A body over 1 MiB"),
    415: described("Not application/json"),
    422: described("Not the JSON that is wanted"),
}


class Wish(BaseModel):
    """Which part to store after all; `keep_inline` also stores what the HTML shows."""

    model_config = ConfigDict(extra="forbid")

    provider_id: UUID
    email_id: Text
    attachment_id: Text
    keep_inline: StrictBool = False


@router.get("", responses=OF_QUERIES)
async def list_attachments(
    house: House,
    tenant: Caller,
    status: Status | None = None,
    provider_id: UUID | None = None,
    email_id: Text | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Attachment]:
    """List the ledger's rows, the newest first."""
    before: Any = cursors.read(cursor, "time", "uuid", "text", "text")
    async with house.database.tenant(tenant) as session:
        rows = await api_reads.attachments(
            session, status=status, provider_id=provider_id, email_id=email_id, before=before, limit=limit + 1
        )
    return Page[Attachment](
        **cursors.page(
            rows,
            limit,
            lambda row: (row.created_at, row.provider_id, row.email_id, row.attachment_id),
            Attachment.of,
        )
    )


@router.post("/retry", status_code=202, responses=OF_IDS | OF_WISHES)
async def retry_attachment(house: House, tenant: Caller, wish: Wish) -> Attachment:
    """Make a failed, dead or skipped part due again; what is stored or under way stays as it is."""
    address = AttachmentAddress(wish.provider_id, wish.email_id, wish.attachment_id)
    if await retry(house, tenant, address, keep_inline=wish.keep_inline) is None:
        raise not_found()
    async with house.database.tenant(tenant) as session:
        row = await api_reads.attachment(session, wish.provider_id, wish.email_id, wish.attachment_id)
    if row is None:
        raise not_found()
    return Attachment.of(row)
