"""`/people`: who may log in to the tenant, for its admins."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from maildock.access import account
from maildock.access.passwords import new_password
from maildock.access.people import NotAdmin, add_user
from maildock.domain.errors import UsageError
from maildock.tables import identities, users
from maildock.tables.session import Database
from maildock.web.pages.refusals import bad_request, for_admins
from maildock.web.pages.rendering import HEADERS, page, sentence
from maildock.web.pages.tickets import as_uuid
from maildock.web.pages.visit import Admin, AdminForm, Posted, Visit
from maildock.web.problems import not_found
from maildock.web.texts import storable

router = APIRouter(include_in_schema=False)

_ROLES = ("agent", "admin")


@router.get("/people")
async def show(visit: Admin) -> Response:
    """List who may log in."""
    return await _page(visit)


@router.post("/people")
async def add(sent: AdminForm) -> Response:
    """Let somebody in; their password is shown this once."""
    email, role = sent.fields.get("email", ""), sent.fields.get("role", "agent")
    if role not in _ROLES or not storable(email):
        raise bad_request()
    password = new_password()
    try:
        with _still_admin():
            user_id = await add_user(*_here(sent), email, password, admin=role == "admin", by=sent.visit.person.user_id)
    except UsageError as problem:
        return await _page(sent.visit, sentence(f"{problem}."), code=422, typed=(email, role))
    return await _page(sent.visit, made=(user_id, password))


@router.post("/people/{user_id}/password")
async def reset_password(sent: AdminForm, user_id: str) -> Response:
    """Give somebody who forgot theirs a new password, which is shown this once."""
    known_id, password = as_uuid(user_id), new_password()
    # However often the form is sent, the password that was shown stays theirs.
    whose = (*_here(sent), known_id, password, sent.visit.person.user_id, sent.fields.get("instead_of") or None)
    try:
        with _still_admin():
            known = await account.reset_password(*whose)
    except UsageError as problem:
        return await _page(sent.visit, str(problem), code=422)
    if not known:
        raise not_found()
    return await _page(sent.visit, made=(known_id, password))


@router.post("/people/{user_id}/role")
async def set_role(sent: AdminForm, user_id: str) -> Response:
    """Make somebody an admin, or an agent again."""
    role = sent.fields.get("role", "")
    if role not in _ROLES:
        raise bad_request()
    try:
        with _still_admin():
            known = await account.set_role(*_here(sent), as_uuid(user_id), role, sent.visit.person.user_id)
    except UsageError as problem:
        return await _page(sent.visit, str(problem), code=422)
    if not known:
        raise not_found()
    return RedirectResponse("/people", 303, HEADERS)


@router.post("/people/{user_id}/unlink")
async def unlink(sent: AdminForm, user_id: str) -> Response:
    """Forget somebody's login at the issuer: their next sign-in there is like the first."""
    if not await account.unlink(*_here(sent), as_uuid(user_id)):
        raise not_found()
    return RedirectResponse("/people", 303, HEADERS)


@router.post("/people/{user_id}/disable")
async def disable(sent: AdminForm, user_id: str) -> Response:
    """Keep somebody out who has left; what they made stays."""
    try:
        with _still_admin():
            known = await account.disable(*_here(sent), as_uuid(user_id), sent.visit.person.user_id)
    except UsageError as problem:
        return await _page(sent.visit, str(problem), code=422)
    if not known:
        raise not_found()
    return RedirectResponse("/people", 303, HEADERS)


@router.post("/people/{user_id}/enable")
async def enable(sent: AdminForm, user_id: str) -> Response:
    """Let somebody in again."""
    with _still_admin():
        known = await account.enable(*_here(sent), as_uuid(user_id), sent.visit.person.user_id)
    if not known:
        raise not_found()
    return RedirectResponse("/people", 303, HEADERS)


def _here(sent: Posted) -> tuple[Database, UUID]:
    return sent.visit.context.database, sent.visit.tenant


@contextmanager
def _still_admin() -> Iterator[None]:
    try:
        yield
    except NotAdmin:
        raise for_admins() from None


async def _page(
    visit: Visit,
    error: str = "",
    made: tuple[UUID, str] | None = None,
    code: int = 200,
    typed: tuple[str, str] = ("", "agent"),
) -> Response:
    async with visit.session() as session:
        people = await users.every(session)
        linked = await identities.bound(session)
    return page("people.html", code, visit=visit, people=people, linked=linked, error=error, made=made, typed=typed)
