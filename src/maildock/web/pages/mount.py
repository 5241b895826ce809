"""Put the pages into the application."""

from typing import Any

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from maildock.access.login import Doorkeeper
from maildock.web.pages import (
    account,
    changing,
    checking,
    connecting,
    dashboard,
    documents,
    errors,
    events,
    login,
    mail,
    one_mail,
    people,
    providers,
    reader,
    single_sign_on,
    ticket_list,
    tickets,
    tokens,
)
from maildock.web.pages.rendering import STATIC
from maildock.web.pages.trials import Trials

PAGES = (
    login,
    single_sign_on,
    ticket_list,
    tickets,
    events,
    documents,
    reader,
    mail,
    one_mail,
    dashboard,
    providers,
    connecting,
    changing,
    checking,
    account,
    people,
    tokens,
)


def mount_pages(app: FastAPI) -> None:
    """Add every page to an application whose problems and state are installed already."""
    app.state.doorkeeper = Doorkeeper(app.state.context.database)
    app.state.trials = Trials()
    for noun in PAGES:
        app.include_router(noun.router)
    app.mount("/static", _Kept(directory=STATIC))
    errors.install(app)


class _Kept(StaticFiles):
    """Static files; their addresses change with their content, so browsers may keep them.

    They are the same for everybody, so a frame without an origin may have them too.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
