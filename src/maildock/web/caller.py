"""Who asks: the tenant that a bearer token names, and the house that answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from maildock.access import tokens
from maildock.flow.context import Context
from maildock.web.problems import Problem

DEFAULT_LIMIT, MOST = 50, 200


def house(request: Request) -> Context:
    """Give the parts that the wiring chose."""
    context: Context = request.app.state.context
    return context


_bearer = HTTPBearer(auto_error=False, description="A token that `maildock tokens add` made.")


async def caller(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> UUID:
    """Give the tenant of the request's bearer token; without a good one the answer is 401."""
    tenant = await tokens.tenant_of(house(request).database, bearer.credentials.strip()) if bearer else None
    if tenant is None:
        raise Problem(401, "A bearer token is needed; `maildock tokens add` makes one.", WWW_Authenticate="Bearer")
    return tenant


House = Annotated[Context, Depends(house)]
Caller = Annotated[UUID, Depends(caller)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Cursor = Annotated[str | None, Query(max_length=4000)]

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
}


def described(description: str) -> dict[str, Any]:
    """Describe an error answer for the API's description."""
    return {"description": description, "content": {"application/problem+json": {"schema": _PROBLEM}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: described("A query parameter or cursor that makes no sense"),
    401: described("No good bearer token"),
    404: described("Not there, or not yours"),
    422: described("A body that makes no sense"),
    503: described("The database or the file store does not answer"),
}
