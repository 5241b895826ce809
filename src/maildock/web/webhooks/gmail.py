"""Gmail's pushes through Cloud Pub/Sub; they say that a mailbox has changed, and no more.

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
"""

from typing import TYPE_CHECKING

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maildock import metrics
from maildock.flow.receive_push import mailbox_of, receive_nudge
from maildock.providers.gmail.provider import GmailProvider
from maildock.providers.gmail.push import BadToken
from maildock.web.problems import Problem, not_found
from maildock.web.webhooks.address import ids, in_time

if TYPE_CHECKING:
    from maildock.flow.context import Context

KIND = "gmail"

log = structlog.get_logger(__name__)


async def pushed(request: Request) -> Response:
    """Mark the mailbox as due, once the push has proven to be Google's and meant for it; else 401.

    One about another mailbox on the same topic is acknowledged, or it would be sent again for days.
    """
    context: Context = request.app.state.context
    tenant, provider_id = ids(request)
    async with in_time():
        mailbox = await mailbox_of(context, tenant, provider_id, KIND)
    provider = context.providers[KIND]
    if mailbox is None or not isinstance(provider, GmailProvider):
        raise not_found()
    try:
        is_ours = await provider.verify_push(mailbox, request.headers.get("authorization", ""), await request.body())
    except BadToken as problem:
        metrics.notified(KIND, taken=0, refused=1)
        log.warning("push refused", tenant=str(tenant), provider_id=str(provider_id), error=str(problem))
        raise Problem(401, str(problem), WWW_Authenticate="Bearer") from problem
    if is_ours:
        async with in_time():
            await receive_nudge(context, mailbox)
        metrics.notified(KIND, taken=1, refused=0)
    return Response(status_code=204)


ROUTES = [Route("/webhooks/gmail/{tenant}/{provider_id}", pushed, methods=["POST"])]
