"""`/tokens`: the tokens of programs, for the tenant's admins."""

from secrets import token_hex
from uuid import UUID, uuid5

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from maildock.access import tokens
from maildock.domain.errors import UsageError
from maildock.tables import api_tokens
from maildock.web.pages.refusals import bad_request
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.tickets import as_uuid
from maildock.web.pages.visit import Admin, AdminForm, Posted, Visit
from maildock.web.problems import not_found
from maildock.web.texts import storable

router = APIRouter(include_in_schema=False)


@router.get("/tokens")
async def show(visit: Admin) -> Response:
    """List the tokens, without their secrets."""
    return await _page(visit)


@router.post("/tokens")
async def make(sent: AdminForm) -> Response:
    """Make a token, which is shown this once."""
    name = sent.fields.get("name", "").strip()
    if not storable(name):
        raise bad_request()
    try:
        async with sent.visit.session() as session:
            _, made = await tokens.issue(session, name, sent.visit.person.user_id, _id_of(sent))
    except UsageError as problem:
        return await _page(sent.visit, f"{str(problem).capitalize()}.", code=422)
    return await _page(sent.visit, made=made)


@router.post("/tokens/{token_id}/revoke")
async def revoke(sent: AdminForm, token_id: str) -> Response:
    """Let a token open nothing from now on."""
    async with sent.visit.session() as session:
        known = await api_tokens.revoke(session, as_uuid(token_id))
    if not known:
        raise not_found()
    return RedirectResponse("/tokens", 303, HEADERS)


def _id_of(sent: Posted) -> UUID | None:
    """Give one id for one form, however often it is sent; by way of the session nobody chooses it."""
    once = sent.fields.get("once")
    return uuid5(sent.visit.person.session_id, once) if once else None


async def _page(visit: Visit, error: str = "", made: str | None = None, code: int = 200) -> Response:
    async with visit.session() as session:
        rows = await api_tokens.every(session)
    return page("tokens.html", code, visit=visit, tokens=rows[::-1], error=error, made=made, once=token_hex())
