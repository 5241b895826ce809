"""Who asks: the tenant that a bearer token names, and the house that answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request

from maildock.access import tokens
from maildock.flow.context import Context
from maildock.web.problems import Problem

DEFAULT_LIMIT, MOST = 50, 200


def house(request: Request) -> Context:
    """Give the parts that the wiring chose."""
    context: Context = request.app.state.context
    return context


async def caller(request: Request) -> UUID:
    """Give the tenant of the request's bearer token; without a good one the answer is 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    tenant = await tokens.tenant_of(house(request).database, token.strip()) if scheme.lower() == "bearer" else None
    if tenant is None:
        raise Problem(401, "A bearer token is needed; `maildock tokens add` makes one.", WWW_Authenticate="Bearer")
    return tenant


House = Annotated[Context, Depends(house)]
Caller = Annotated[UUID, Depends(caller)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Cursor = Annotated[str | None, Query(max_length=4000)]

# What the API's description says of every route.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No good bearer token", "content": {"application/problem+json": {}}},
    404: {"description": "Not there, or not yours", "content": {"application/problem+json": {}}},
}
