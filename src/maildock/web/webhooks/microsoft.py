"""Microsoft's change and lifecycle notifications, and the handshake that precedes them.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from maildock import metrics
from maildock.flow.receive_push import knows, receive_push
from maildock.providers.microsoft.notifications import parse
from maildock.web.caller import House
from maildock.web.problems import Problem, not_found

router = APIRouter(prefix="/webhooks/microsoft", include_in_schema=False)

KIND = "microsoft"


@router.post("/{tenant}/{provider_id}")
@router.post("/{tenant}/{provider_id}/lifecycle")
async def notified(request: Request, house: House, tenant: str, provider_id: str) -> Response:
    """Take the items that quote a state of ours; 403 only where none does."""
    address = _ids(tenant, provider_id)
    token = request.query_params.get("validationToken")
    if token is not None:
        if not await knows(house, *address, KIND):
            raise not_found()
        return PlainTextResponse(token)
    body = await request.body()
    try:
        notifications = parse(body)
    except ValueError as problem:
        if not await knows(house, *address, KIND):
            raise not_found() from problem
        raise Problem(400, f"This is no batch of notifications: {problem}") from problem
    heard = await receive_push(house, *address, KIND, notifications)
    if heard is None:
        raise not_found()
    metrics.notified(KIND, taken=heard.taken, refused=heard.refused)
    if heard.refused and not heard.taken:
        raise Problem(403, "None of these notifications quotes a client state of this mailbox.")
    return Response(status_code=202)


def _ids(tenant: str, provider_id: str) -> tuple[UUID, UUID]:
    try:
        return UUID(tenant), UUID(provider_id)
    except ValueError as problem:
        raise not_found() from problem
