"""What operators and their machines ask: alive, ready, and how much was done."""

import hmac
from ipaddress import IPv6Address, ip_address

import structlog
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from maildock import metrics
from maildock.domain.errors import OutageError
from maildock.web.caller import House
from maildock.web.problems import Problem

router = APIRouter(include_in_schema=False)

log = structlog.get_logger(__name__)

# What a proxy of this machine adds: behind one, every client would be local.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> Response:
    """Answer for as long as the process serves."""
    return PlainTextResponse("ok\n")


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(house: House) -> Response:
    """Answer 200 when database and storage do, else 503 naming the one that doesn't."""
    for component, check in (("database", house.database.ping), ("storage", house.store.check)):
        try:
            await check()
        except OutageError as problem:
            log.warning("not ready", component=component, error=str(problem))
            return JSONResponse({"status": "unavailable", "component": component}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """Give the counts: to whoever has the token, or without one to this machine only."""
    token = request.app.state.settings.metrics_token
    if token is None:
        if not _is_local(request):
            raise Problem(403, "Only this machine may ask; set MAILDOCK_METRICS_TOKEN to let others.")
    elif not hmac.compare_digest(
        request.headers.get("authorization", "").encode("latin-1"), f"Bearer {token}".encode()
    ):
        raise Problem(401, "The bearer token of MAILDOCK_METRICS_TOKEN is needed.", WWW_Authenticate="Bearer")
    body, media_type = metrics.render()
    return Response(body, media_type=media_type)


def _is_local(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
