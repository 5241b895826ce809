"""Whose webhook an address is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from starlette.requests import Request

from maildock.web.problems import Problem, not_found

# Microsoft takes an answer after three seconds for none, Pub/Sub after ten.
ANSWER_SECONDS = 2.5


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Answer 503 where writing down takes longer than a vendor waits; it sends again."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except TimeoutError as problem:
        raise Problem(503, "The database does not answer in time; send this again.") from problem


def ids(request: Request) -> tuple[UUID, UUID]:
    """Give tenant and provider of the path; anything but ids is 404, as an unknown mailbox is."""
    try:
        return UUID(request.path_params["tenant"]), UUID(request.path_params["provider_id"])
    except ValueError as problem:
        raise not_found() from problem
