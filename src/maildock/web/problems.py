"""Errors as `application/problem+json` (RFC 9457), for every route of the API."""

import re
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from maildock.domain.errors import MaildockError, OutageError, UsageError, loggable

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 5

_JSON = re.compile(r"application/([a-z.-]+\+)?json\s*(;|$)", re.IGNORECASE)

# On every answer, so that no browser takes it for anything else than it is.
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Problem(MaildockError):
    """An answer that is an error: its status, a word for programs, and a sentence for people."""

    def __init__(self, status: int, detail: str, code: str | None = None, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def not_found() -> Problem:
    """Give the one answer to whatever this caller cannot see, be it another tenant's or nobody's."""
    return Problem(404, "There is no such thing, or it is not yours.")


def answer(problem: Problem) -> Response:
    """Write a problem as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.code:
        body["code"] = problem.code
    return JSONResponse(body, problem.status, problem.headers, media_type="application/problem+json")


def from_error(request: Request, error: Exception) -> Response:
    """Translate any error into a problem; what is not foreseen is logged and tells nothing."""
    return answer(problem_of(request, error))


def problem_of(request: Request, error: Exception) -> Problem:
    """Give the problem that an error is to the client; what is not foreseen is logged here."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _of_validation(request, error)
    if isinstance(error, HTTPException):
        return not_found() if error.status_code == HTTPStatus.NOT_FOUND else _of_http(error)
    if isinstance(error, OutageError):
        return _of_outage(request, error)
    if isinstance(error, ClientDisconnect):
        return Problem(400, "The connection ended before the body did.")
    if isinstance(error, UsageError):
        return Problem(422, str(error))
    log.error("request failed", path=request.scope["path"], error=loggable(error), exc_info=error)
    return Problem(500, "Something went wrong inside maildock; its log says what.")


def _of_outage(request: Request, error: OutageError) -> Problem:
    # The message may name our disks; what it is about is enough for a stranger.
    log.warning("request failed", path=request.scope["path"], error=loggable(error))
    about = (type(error).__doc__ or "").splitlines()[0]
    return Problem(503, f"{about} Try again later.", error.reason, Retry_After=str(RETRY_AFTER_SECONDS))


def _of_http(error: HTTPException) -> Problem:
    return Problem(error.status_code, str(error.detail), **dict(error.headers or {}))


def _of_validation(request: Request, error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    place, *names = [str(part) for part in first["loc"]]
    if place == "path":
        return not_found()
    if place == "body" and not _JSON.match(request.headers.get("content-type", "application/json")):
        return Problem(415, "Send the body as application/json.")
    where = ".".join(names) or "the body"
    if first["type"] == "json_invalid":
        where = "the body is not JSON"
    return Problem(400 if place == "query" else 422, f"{where}: {first['msg']}")


def install(app: FastAPI) -> None:
    """Answer every error of the app this way."""
    for kind in (Problem, MaildockError, RequestValidationError, HTTPException, ClientDisconnect, Exception):
        app.add_exception_handler(kind, from_error)
