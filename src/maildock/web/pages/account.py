"""`/account`: what people do with their own login."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from maildock.access import account
from maildock.access.login import Doorkeeper, LoginRefused, TooManyAttempts
from maildock.domain.errors import UsageError
from maildock.web.pages.rendering import HEADERS, page
from maildock.web.pages.visit import SentForm, SignedIn, Visit, cookie_name, is_secure

router = APIRouter(include_in_schema=False)


@router.get("/account")
async def show(visit: SignedIn, changed: str = "") -> Response:
    """Show who is logged in, and the form for another password."""
    return _page(visit, notice="The password is changed; other browsers are signed out." if changed else "")


@router.post("/account/password")
async def change_password(request: Request, sent: SentForm) -> Response:
    """Change the password."""
    current, new = sent.fields.get("current", ""), sent.fields.get("new", "")
    if new != sent.fields.get("again"):
        return _page(sent.visit, "The new password was not typed the same twice.", 422)
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    try:
        await account.change_password(doorkeeper, sent.visit.person, current, new)
    except TooManyAttempts as problem:
        return _page(sent.visit, f"{problem} Try again in {problem.retry_after} s.", 429)
    except LoginRefused:
        return _page(sent.visit, "The current password is wrong.", 403)
    except UsageError as problem:
        return _page(sent.visit, f"{str(problem).capitalize()}.", 422)
    return RedirectResponse("/account?changed=1", 303, HEADERS)


@router.post("/account/sessions")
async def sign_out_everywhere(request: Request, sent: SentForm) -> Response:
    """End all sessions of this person."""
    await account.sign_out_everywhere(sent.visit.context.database, sent.visit.person)
    answer = RedirectResponse("/login", 303, HEADERS)
    answer.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return answer


def _page(visit: Visit, error: str = "", code: int = 200, notice: str = "") -> Response:
    return page("account.html", code, visit=visit, error=error, notice=notice)
