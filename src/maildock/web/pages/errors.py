"""Errors as pages: people get a page where programs get a problem."""

from http import HTTPStatus
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.routing import Match

from maildock.web.pages.refusals import NeedsLogin
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.visit import Visit
from maildock.web.problems import Problem, from_error, problem_of

_FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")
_TITLES = {
    400: "That did not work",
    403: "Not allowed",
    404: "Nothing here",
    405: "That did not work",
    413: "Too much",
    422: "That did not work",
    500: "Something went wrong",
    503: "Not right now",
}


def install(app: FastAPI) -> None:
    """Answer errors on addresses for people by pages, where so far each is answered by a problem."""
    app.add_exception_handler(NeedsLogin, _to_login)
    for kind, answer in list(app.exception_handlers.items()):
        if answer is from_error:
            app.add_exception_handler(kind, _for_both)


async def _for_both(request: Request, error: Exception) -> Response:
    if request.scope["path"].startswith(_FOR_PROGRAMS):
        return from_error(request, error)
    # Whoever was recognised before it went wrong keeps the navigation.
    return _page(problem_of(request, error), getattr(request.state, "visit", None))


def _page(problem: Problem, visit: Visit | None) -> Response:
    title = _TITLES.get(problem.status, HTTPStatus(problem.status).phrase)
    return page(
        "error.html",
        problem.status,
        problem.headers,
        visit=visit,
        title=title,
        status=problem.status,
        detail=problem.detail,
    )


async def _to_login(request: Request, _: Exception) -> Response:
    if request.method in ("GET", "HEAD"):
        goal = _path(str(request.url))
        return RedirectResponse("/login" if goal == "/" else f"/login?next={quote(goal, safe='')}", 303, HEADERS)
    # From a form back to the page that it stands on.
    goal = _page_at(request, _path(request.headers.get("referer", "")))
    return RedirectResponse(f"/login?unsent=yes&next={quote(goal, safe='')}", 303, HEADERS)


def _page_at(request: Request, path: str) -> str:
    """Give the page at a path; what only takes forms, as where one was answered, has its page further up."""
    while path != "/":
        scope = {"type": "http", "path": path.partition("?")[0], "method": "GET", "headers": []}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            return path
        path = path.rpartition("/")[0] or "/"
    return path


def _path(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
