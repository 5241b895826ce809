"""Whose webhook an address is."""

from uuid import UUID

from starlette.requests import Request

from maildock.web.problems import not_found


def ids(request: Request) -> tuple[UUID, UUID]:
    """Give tenant and provider of the path; anything but ids is 404, as an unknown mailbox is."""
    try:
        return UUID(request.path_params["tenant"]), UUID(request.path_params["provider_id"])
    except ValueError as problem:
        raise not_found() from problem
