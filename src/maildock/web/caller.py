"""Who asks: the tenant that a bearer token names, and the house that answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from maildock.access import tokens
from maildock.flow.context import Context
from maildock.web.problems import Problem

DEFAULT_LIMIT, MOST = 50, 200


async def house(request: Request) -> Context:
    """Give the parts that the wiring chose. What is not `async` would be run in a thread."""
    context: Context = request.app.state.context
    return context


_bearer = HTTPBearer(auto_error=False, description="A token that `maildock tokens add` made.")


async def caller(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> UUID:
    """Give the tenant of the request's bearer token; without a good one the answer is 401."""
    tenant = await tokens.tenant_of((await house(request)).database, bearer.credentials.strip()) if bearer else None
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


def binary(media_type: str) -> dict[str, Any]:
    """Describe bytes of a media type."""
    return {media_type: {"schema": {"type": "string", "format": "binary"}}}


Answers = dict[int | str, dict[str, Any]]

# What every route may answer, and what those with a query, or an id in their path, may answer beside it.
ALWAYS: Answers = {
    401: described("No good bearer token"),
    500: described("A fault of ours"),
    503: described("The database or the file store does not answer"),
}
OF_QUERIES: Answers = {400: described("A query parameter or cursor that makes no sense")}
OF_IDS: Answers = {404: described("Not there, or not yours")}
