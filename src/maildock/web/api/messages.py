"""`/messages`: raw mail, sent in by programs."""

from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from maildock.domain.errors import MessageTooLarge, NotAMessage
from maildock.domain.ids import file_provider_id
from maildock.flow.receive import receive_raw
from maildock.web.caller import Caller, House, described
from maildock.web.problems import Problem

router = APIRouter(prefix="/messages", tags=["messages"])

MEDIA_TYPE = "message/rfc822"

_BODY = {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}


class Taken(BaseModel):
    """Where to look up what becomes of a mail."""

    provider_id: UUID
    email_id: str
    url: str


@router.post(
    "",
    status_code=202,
    response_model=Taken,
    openapi_extra=_BODY,
    responses={
        200: {"model": Taken, "description": "The same bytes had come before"},
        413: described("A message over the limit"),
        415: described("Not message/rfc822"),
        422: described("No header line at all"),
    },
)
async def post_message(request: Request, house: House, tenant: Caller) -> Response:
    """Take a mail in; the answer comes once it is durable, and the work goes on without the client."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise Problem(415, f"Send the raw mail as {MEDIA_TYPE}.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > house.max_message_bytes:
        raise _too_large(house.max_message_bytes)
    try:
        receipt = await receive_raw(house, tenant, file_provider_id(tenant), request.stream())
    except MessageTooLarge as problem:
        raise _too_large(house.max_message_bytes) from problem
    except NotAMessage as problem:
        raise Problem(422, "There is no header line: this is not a mail.", problem.code) from problem
    path = f"api/v1/emails/{receipt.provider_id}/{quote(receipt.email_id, safe='')}"
    url = str(request.base_url) + path
    taken = Taken(provider_id=receipt.provider_id, email_id=receipt.email_id, url=url)
    return JSONResponse(taken.model_dump(mode="json"), 202 if receipt.new else 200, {"Location": url})


def _too_large(limit: int) -> Problem:
    return Problem(413, f"The message is longer than {limit} bytes.", MessageTooLarge.code)
