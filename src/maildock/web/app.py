"""The web application: operations, the API, and the pages."""

from dataclasses import dataclass

from fastapi import FastAPI

from maildock import __version__
from maildock.flow.context import Context
from maildock.flow.receive_push import PushReceiver
from maildock.providers.http import Origin
from maildock.sign_on.single import SingleSignOn
from maildock.web import operations, problems
from maildock.web.api import attachments, documents, emails, messages, providers, tickets
from maildock.web.api.description import describe
from maildock.web.caller import ALWAYS
from maildock.web.edge import Edge
from maildock.web.pages.mount import mount_pages
from maildock.web.watch import Watch
from maildock.web.webhooks import gmail, microsoft

API = "/api/v1"
NOUNS = (tickets, documents, emails, attachments, messages, providers)


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the web is told: the keys that sign sessions, the newest first, and who may see the metrics.

    `provider_origins` are what forms may name as a vendor's endpoint, beside the vendor's own.
    """

    secret_keys: tuple[str, ...]
    public_url: str
    metrics_token: str | None
    provider_origins: frozenset[Origin] = frozenset()


def create_app(context: Context, settings: WebSettings, sign_on: SingleSignOn | None = None) -> FastAPI:
    """Put the application together."""
    app = FastAPI(
        title="maildock",
        version=__version__,
        description="Tickets, their documents, and the ledger of what became of every file in every mail.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        # A redirect would name the host that the client names, and lose TLS behind a proxy.
        redirect_slashes=False,
    )
    app.state.context = context
    app.state.settings = settings
    app.state.sign_on = sign_on
    app.state.pushes = PushReceiver(context)
    app.state.watch = Watch(context.database)
    app.add_middleware(Edge)
    problems.install(app)
    app.include_router(operations.router)
    for noun in NOUNS:
        app.include_router(noun.router, prefix=API, responses=ALWAYS)
    app.router.routes.extend((*gmail.ROUTES, *microsoft.ROUTES))
    mount_pages(app)
    describe(app)
    return app
