"""`/providers/{provider_id}/settings`: read a mailbox by another folder or label, with other push, once that works."""

import json
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.domain.errors import UsageError
from maildock.flow.connect import change_settings
from maildock.flow.rehearse import rehearse_settings
from maildock.tables import mailbox_connections
from maildock.tables.email_providers import ProviderRow
from maildock.web.pages.mailbox_forms import CHANGEABLE, WrongFields, read_settings
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.trials import TooManyTrials
from maildock.web.pages.trying import Outcome, remote_provider, tried
from maildock.web.pages.visit import Admin, AdminForm, Visit
from maildock.web.problems import not_found

router = APIRouter(include_in_schema=False)


@router.get("/providers/{provider_id}/settings")
async def show(visit: Admin, provider_id: str) -> Response:
    """Show the form with what is in force."""
    row = await remote_provider(visit, provider_id)
    return _form(visit, row, json.loads(await _known(visit, row)), None)


@router.post("/providers/{provider_id}/settings")
async def change(request: Request, sent: AdminForm, provider_id: str) -> Response:
    """Try what was entered, and read the mailbox by it from now on if it works."""
    visit = sent.visit
    row = await remote_provider(visit, provider_id)
    try:
        settings = read_settings(row.kind, sent.fields, await _known(visit, row))
        steps = await tried(request, visit, rehearse_settings(visit.context, visit.tenant, row, settings))
        if not steps[-1].ok:
            return _form(visit, row, sent.fields, Outcome(steps=steps))
        await change_settings(visit.context, visit.tenant, row.provider_id, settings)
    except (WrongFields, UsageError, TooManyTrials) as problem:
        return _form(visit, row, sent.fields, Outcome.of(problem))
    return RedirectResponse(f"/providers?changed={row.provider_id}#p-{row.provider_id}", 303, HEADERS)


async def _known(visit: Visit, row: ProviderRow) -> str:
    async with visit.session() as session:
        known = await mailbox_connections.get(session, row.provider_id)
    if known is None:
        raise not_found()
    return known.settings


def _form(visit: Visit, row: ProviderRow, fields: Mapping[str, str], outcome: Outcome | None) -> Response:
    code, headers = (outcome.code, dict(outcome.headers)) if outcome else (200, None)
    typed = {name: fields.get(name, "") for name in CHANGEABLE[row.kind]}
    return page("settings.html", code, headers, visit=visit, row=row, typed=typed, outcome=outcome or Outcome())
