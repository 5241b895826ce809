"""`/login/sso` and its way back: sign in at the issuer instead of by a password."""

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.access.login import Doorkeeper, TooManyAttempts
from maildock.sign_on.refusals import IssuerAway, SignOnRefused
from maildock.sign_on.registration import COME_BACK, LEAVE
from maildock.sign_on.single import SingleSignOn
from maildock.sign_on.trip import TRIP_SECONDS
from maildock.web.pages.login import client_address, let_in, login_form, own_path
from maildock.web.pages.rendering import HEADERS
from maildock.web.pages.visit import is_secure, known
from maildock.web.problems import not_found

router = APIRouter(include_in_schema=False)
log = structlog.get_logger(__name__)

_LONGEST_GOAL = 1024


@router.get(LEAVE)
async def leave(request: Request, next: str = "/") -> Response:  # noqa: A002 - the query parameter's name
    """Send a browser to the issuer; a link does, for Chromium applies `form-action` to where a form is sent on."""
    sign_on, goal = _sign_on(request), own_path(next[:_LONGEST_GOAL])
    if await known(request):
        return RedirectResponse(goal, 303, HEADERS)
    try:
        departure = await sign_on.leave(goal, request.app.state.settings.secret_keys[0])
    except SignOnRefused as problem:
        return _refused(request, problem)
    answer = RedirectResponse(departure.url, 303, HEADERS)
    answer.set_cookie(
        _trip_name(request),
        departure.cookie,
        max_age=TRIP_SECONDS,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(COME_BACK)
async def come_back(request: Request) -> Response:
    """Let somebody in whom the issuer has sent back, or say why not; what they brought is good for this once."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    try:
        with doorkeeper.braked(client_address(request)):
            answer = await _judge(request)
    except TooManyAttempts as problem:
        wait = {"Retry-After": str(problem.retry_after)}
        answer = login_form(request, "/", "", f"{problem} Try again in {problem.retry_after} s.", 429, wait)
    except SignOnRefused as problem:
        answer = _refused(request, problem)
    answer.delete_cookie(_trip_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return answer


async def _judge(request: Request) -> Response:
    sign_on, before = _sign_on(request), await known(request)
    database, keys = request.app.state.context.database, request.app.state.settings.secret_keys
    brought = request.cookies.get(_trip_name(request), "")
    try:
        cookie, goal = await sign_on.come_back(database, dict(request.query_params), brought, keys)
    except IssuerAway as problem:
        # Nobody's guess: an outage must not lock an office out of its passwords.
        return _refused(request, problem)
    return await let_in(request, before, cookie, goal)


def _sign_on(request: Request) -> SingleSignOn:
    sign_on: SingleSignOn | None = request.app.state.sign_on
    if sign_on is None:
        raise not_found()
    return sign_on


def _trip_name(request: Request) -> str:
    return "__Host-maildock-sso" if is_secure(request) else "maildock-sso"


def _refused(request: Request, problem: SignOnRefused) -> Response:
    log.warning("single sign-on refused", reason=type(problem).__name__, detail=problem.detail)
    return login_form(request, "/", "", str(problem), problem.status)
