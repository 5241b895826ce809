"""Microsoft's change and lifecycle notifications, and the handshake that precedes them.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from maildock import metrics
from maildock.flow.receive_push import PushReceiver, mailbox_of
from maildock.providers.microsoft.notifications import parse
from maildock.web.problems import Problem, not_found
from maildock.web.webhooks.address import ids, in_time

KIND = "microsoft"


async def notified(request: Request) -> Response:
    """Take the items that quote a state of ours; 403 only where none does."""
    async with in_time():
        return await _answer(request)


async def _answer(request: Request) -> Response:
    address = ids(request)
    token = request.query_params.get("validationToken")
    if token is not None:
        if await mailbox_of(request.app.state.context, *address, KIND) is None:
            raise not_found()
        return PlainTextResponse(token)
    body = await request.body()
    try:
        notifications = parse(body)
    except ValueError as problem:
        if await mailbox_of(request.app.state.context, *address, KIND) is None:
            raise not_found() from problem
        raise Problem(400, f"This is no batch of notifications: {problem}") from problem
    pushes: PushReceiver = request.app.state.pushes
    heard = await pushes.receive(*address, KIND, notifications)
    if heard is None:
        raise not_found()
    metrics.notified(KIND, taken=heard.taken, refused=heard.refused)
    if heard.refused and not heard.taken:
        raise Problem(403, "None of these notifications quotes a client state of this mailbox.")
    return Response(status_code=202)


# Bare routes: what FastAPI does around a handler costs as much as the rest of an answer, and bursts come here.
_PATH = "/webhooks/microsoft/{tenant}/{provider_id}"
ROUTES = [Route(path, notified, methods=["POST"]) for path in (_PATH, f"{_PATH}/lifecycle")]
