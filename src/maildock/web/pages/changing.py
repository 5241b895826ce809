"""`/providers/{provider_id}/settings`: read a mailbox by another folder or label, with other push, once that works."""

import json
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.domain.errors import UsageError
from maildock.flow.connect import change_settings
from maildock.flow.rehearse import rehearse_settings
from maildock.tables.email_providers import ProviderRow
from maildock.web import endpoints
from maildock.web.pages.mailbox_forms import CHANGEABLE, WrongFields, read_settings
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.trials import TooManyTrials
from maildock.web.pages.trying import Outcome, known_settings, remote_provider, tried
from maildock.web.pages.visit import Admin, AdminForm, Visit

router = APIRouter(include_in_schema=False)


@router.get("/providers/{provider_id}/settings")
async def show(visit: Admin, provider_id: str) -> Response:
    """Show the form with what is in force."""
    row = await remote_provider(visit, provider_id)
    return _form(visit, row, json.loads(await known_settings(visit, row)), None)


@router.post("/providers/{provider_id}/settings")
async def change(request: Request, sent: AdminForm, provider_id: str) -> Response:
    """Try what was entered, and read the mailbox by it from now on if it works."""
    visit = sent.visit
    row = await remote_provider(visit, provider_id)
    known = await known_settings(visit, row)
    try:
        endpoints.refuse_withdrawn(known, request.app.state.settings.provider_origins)
        settings = read_settings(row.kind, sent.fields, known)
        steps = await tried(request, visit, rehearse_settings(visit.context, visit.tenant, row, settings))
        if not steps[-1].ok:
            return _form(visit, row, sent.fields, Outcome(steps=steps))
        await change_settings(visit.context, visit.tenant, row.provider_id, settings)
    except (WrongFields, UsageError, TooManyTrials) as problem:
        return _form(visit, row, sent.fields, Outcome.of(problem))
    return RedirectResponse(f"/providers?changed={row.provider_id}#p-{row.provider_id}", 303, HEADERS)


def _form(visit: Visit, row: ProviderRow, fields: Mapping[str, str], outcome: Outcome | None) -> Response:
    code, headers = (outcome.code, dict(outcome.headers)) if outcome else (200, None)
    typed = {name: fields.get(name, "") for name in CHANGEABLE[row.kind]}
    return page("settings.html", code, headers, visit=visit, row=row, typed=typed, outcome=outcome or Outcome())
