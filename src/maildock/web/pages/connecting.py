"""`/providers/connect/…`: forms that connect a mailbox, and renew what opens one, once that was tried and works."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.domain.errors import UsageError
from maildock.flow.connect import connect, renew_secret
from maildock.flow.rehearse import rehearse_new, rehearse_secret
from maildock.tables.email_providers import ProviderRow
from maildock.web import endpoints
from maildock.web.pages.mailbox_forms import TYPED, WrongFields, read_new, read_secret
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.trials import TooManyTrials
from maildock.web.pages.trying import Outcome, known_settings, remote_provider, tried
from maildock.web.pages.visit import Admin, AdminForm, Visit
from maildock.web.problems import not_found

router = APIRouter(include_in_schema=False)


@router.get("/providers/connect/{kind}")
async def show(request: Request, visit: Admin, kind: str) -> Response:
    """Show the form that connects a mailbox of a kind."""
    return _form(request, visit, kind, {}, None)


@router.post("/providers/connect/{kind}")
async def connect_mailbox(request: Request, sent: AdminForm, kind: str) -> Response:
    """Try what was entered, and connect the mailbox if all of it works."""
    if kind not in TYPED:
        raise not_found()
    visit = sent.visit
    try:
        new = await asyncio.to_thread(read_new, kind, sent.fields, request.app.state.settings.provider_origins)
        steps = await tried(request, visit, rehearse_new(visit.context, visit.tenant, new))
        if not steps[-1].ok:
            return _form(request, visit, kind, sent.fields, Outcome(steps=steps))
        provider_id = await connect(visit.context, visit.tenant, new)
    except (WrongFields, UsageError, TooManyTrials) as problem:
        return _form(request, visit, kind, sent.fields, Outcome.of(problem))
    return RedirectResponse(f"/providers?connected={provider_id}#p-{provider_id}", 303, HEADERS)


@router.get("/providers/{provider_id}/secret")
async def show_secret(visit: Admin, provider_id: str) -> Response:
    """Show the form that gives a mailbox other credentials."""
    return _secret_form(visit, await remote_provider(visit, provider_id), None)


@router.post("/providers/{provider_id}/secret")
async def renew(request: Request, sent: AdminForm, provider_id: str) -> Response:
    """Try other credentials for a mailbox, and use them from now on if they work."""
    visit = sent.visit
    row = await remote_provider(visit, provider_id)
    known = await known_settings(visit, row)
    try:
        endpoints.refuse_withdrawn(known, request.app.state.settings.provider_origins)
        secret = await asyncio.to_thread(read_secret, row.kind, sent.fields)
        steps = await tried(request, visit, rehearse_secret(visit.context, visit.tenant, row, secret))
        if not steps[-1].ok:
            return _secret_form(visit, row, Outcome(steps=steps))
        await renew_secret(visit.context, visit.tenant, row.provider_id, row.kind, secret)
    except (WrongFields, UsageError, TooManyTrials) as problem:
        return _secret_form(visit, row, Outcome.of(problem))
    return RedirectResponse(f"/providers?renewed={row.provider_id}#p-{row.provider_id}", 303, HEADERS)


def _form(request: Request, visit: Visit, kind: str, fields: Mapping[str, str], outcome: Outcome | None) -> Response:
    if kind not in TYPED:
        raise not_found()
    # What is secret is never sent back.
    typed = {name: fields.get(name, "") for name in TYPED[kind]}
    return page(
        f"connect_{kind}.html",
        outcome.code if outcome else 200,
        dict(outcome.headers) if outcome else None,
        visit=visit,
        typed=typed,
        outcome=outcome or Outcome(),
        further=sorted(map(str, request.app.state.settings.provider_origins)),
    )


def _secret_form(visit: Visit, row: ProviderRow, outcome: Outcome | None) -> Response:
    code, headers = (outcome.code, dict(outcome.headers)) if outcome else (200, None)
    return page("renew.html", code, headers, visit=visit, row=row, typed={}, outcome=outcome or Outcome())
