"""`/login` and `/logout`."""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.access.login import (
    LONGEST_SECONDS,
    Attempt,
    Doorkeeper,
    LoginRefused,
    TooManyAttempts,
    WhichTenant,
    log_out,
)
from maildock.sign_on.registration import LEAVE
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.visit import SentForm, Visit, check_origin, cookie_name, form, is_secure, known

if TYPE_CHECKING:
    from maildock.sign_on.single import SingleSignOn

router = APIRouter(include_in_schema=False)

_LONGEST_FIELD = 1024


@router.get("/login")
async def show(request: Request, next: str = "/", unsent: str = "") -> Response:  # noqa: A002 - the parameter's name
    """Show the form, or go on when somebody is logged in already."""
    if await known(request):
        return RedirectResponse(own_path(next), 303, HEADERS)
    return login_form(request, next, unsent=bool(unsent))


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Open a session and go on to where the person wanted to be."""
    check_origin(request)
    fields = {name: value[:_LONGEST_FIELD] for name, value in (await form(request)).items()}
    before = await known(request)
    goal, email, tenant = fields.get("next", "/"), fields.get("email", ""), fields.get("tenant", "")
    attempt = Attempt(email, fields.get("password", ""), tenant, client_address(request))
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    try:
        cookie = await doorkeeper.log_in(attempt)
    except TooManyAttempts as problem:
        wait = {"Retry-After": str(problem.retry_after)}
        return login_form(request, goal, email, f"{problem} Try again in {problem.retry_after} s.", 429, wait, tenant)
    except (LoginRefused, WhichTenant) as problem:
        status = 401 if isinstance(problem, LoginRefused) else 409
        return login_form(request, goal, email, str(problem), status, tenant=tenant)
    return await let_in(request, before, cookie, goal)


async def let_in(request: Request, before: Visit | None, cookie: str, goal: str) -> Response:
    """Hand over a session's cookie, end the session before it, and go on."""
    if before:
        await log_out(before.context.database, before.person)
    answer = RedirectResponse(own_path(goal), 303, HEADERS)
    answer.set_cookie(
        cookie_name(request),
        cookie,
        max_age=int(LONGEST_SECONDS),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/logout")
async def leave(request: Request, sent: SentForm) -> Response:
    """End the session."""
    await log_out(sent.visit.context.database, sent.visit.person)
    answer = RedirectResponse("/login", 303, HEADERS)
    answer.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return answer


def own_path(goal: str) -> str:
    """Give the path if it is one of ours, else the front page: a login must not send people to other sites."""
    try:
        parts = urlsplit(goal)
    except ValueError:
        return "/"
    clean = goal.isascii() and goal.isprintable() and "\\" not in goal and " " not in goal
    ours = goal.startswith("/") and not goal.startswith("//") and not parts.scheme and not parts.netloc
    return goal if clean and ours and not parts.path.startswith(("/login", "/logout")) else "/"


def client_address(request: Request) -> str:
    """Say where a request came from."""
    return request.client.host if request.client else ""


def login_form(
    request: Request,
    goal: str,
    email: str = "",
    error: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
    tenant: str = "",
    *,
    unsent: bool = False,
) -> Response:
    """Show the form, with the other way in where there is one."""
    sign_on: SingleSignOn | None = request.app.state.sign_on
    goal = own_path(goal)
    other = (sign_on.registration.name, f"{LEAVE}?next={quote(goal, safe='')}") if sign_on else None
    typed = {"email": email, "tenant": tenant}
    return page("login.html", status, headers, visit=None, next=goal, error=error, other=other, unsent=unsent, **typed)
