"""Errors as pages: people get a page where programs get a problem."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from maildock.domain.errors import MaildockError
from maildock.web.pages.refusals import NeedsLogin
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.problems import Problem, problem_of

Answer = Callable[[Request, Exception], Response | Awaitable[Response]]

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
    """Answer errors on addresses for people by pages, all others as before."""
    app.add_exception_handler(NeedsLogin, _to_login)
    for kind in (Problem, MaildockError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _for_people(app.exception_handlers[kind]))


def _for_people(otherwise: Answer) -> Answer:
    async def answer(request: Request, error: Exception) -> Response:
        if not request.scope["path"].startswith(_FOR_PROGRAMS):
            return _page(problem_of(request, error))
        return await _answered(otherwise, request, error)

    return answer


async def _answered(answer: Answer, request: Request, error: Exception) -> Response:
    given = await run_in_threadpool(answer, request, error)
    return given if isinstance(given, Response) else await given


def _page(problem: Problem) -> Response:
    title = _TITLES.get(problem.status, HTTPStatus(problem.status).phrase)
    return page(
        "error.html",
        problem.status,
        problem.headers,
        visit=None,
        title=title,
        status=problem.status,
        detail=problem.detail,
    )


async def _to_login(request: Request, _: Exception) -> Response:
    goal = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wanted = request.method in ("GET", "HEAD") and goal != "/"
    return RedirectResponse(f"/login?next={quote(goal, safe='')}" if wanted else "/login", 303, HEADERS)
