"""What the API's description says beyond what its routes do: HEAD, and no answer that is never given."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_NEVER_GIVEN = "HTTPValidationError"


def describe(app: FastAPI) -> None:
    """Have the application describe itself so; the description is made once."""
    app.openapi = _once(app)  # type: ignore[method-assign] # FastAPI's own way to change it


def _once(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    return openapi


def _description(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for path in found["paths"].values():
        for operation in path.values():
            _forget_what_is_never_given(operation)
        if "get" in path:
            path["head"] = _without_bodies(path["get"])
    for name in (_NEVER_GIVEN, "ValidationError"):
        found["components"]["schemas"].pop(name, None)
    return found


def _forget_what_is_never_given(operation: dict[str, Any]) -> None:
    # FastAPI adds it to whatever has parameters; what makes no sense there is a 400 or a 404 here.
    if _NEVER_GIVEN in str(operation["responses"].get("422")):
        del operation["responses"]["422"]


def _without_bodies(get: dict[str, Any]) -> dict[str, Any]:
    head = deepcopy(get)
    head["operationId"] += "_head"
    head["summary"] += ", without the body"
    for response in head["responses"].values():
        response.pop("content", None)
    return head
