"""`/providers/{provider_id}/check`: a check of a mailbox, told step by step as it is done.

A script that asks for events is sent each step as one; any other browser is sent a page that grows.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from maildock.domain.errors import MaildockError
from maildock.flow.check_mailbox import check_mailbox
from maildock.providers.base import Step
from maildock.tables.email_providers import ProviderRow
from maildock.web.pages.providers import known_provider
from maildock.web.pages.rendering import HEADERS, fragment
from maildock.web.pages.visit import AdminForm, Visit

router = APIRouter(include_in_schema=False)

_EVENTS, _PAGE = "text/event-stream", "text/html; charset=utf-8"
_HEADERS = {**HEADERS, "X-Accel-Buffering": "no"}
_HERE = "<!-- the steps -->"


@router.post("/providers/{provider_id}/check")
async def check(request: Request, sent: AdminForm, provider_id: str) -> Response:
    """Check a mailbox, unless that is under way."""
    row = await known_provider(sent.visit, provider_id)
    steps = _steps(sent.visit, row)
    if request.headers.get("accept") == _EVENTS:
        return StreamingResponse(_events(steps), headers=_HEADERS, media_type=_EVENTS)
    return StreamingResponse(_page(sent.visit, row, steps), headers=_HEADERS, media_type=_PAGE)


async def _steps(visit: Visit, row: ProviderRow) -> AsyncGenerator[Step, None]:
    """Give each step. They are done apart, so that who goes away in their midst leaves the mailbox to others."""
    done: asyncio.Queue[Step | None] = asyncio.Queue()
    task = asyncio.create_task(_check(visit, row, done))
    try:
        while (step := await done.get()) is not None:
            yield step
        await task
    finally:
        task.cancel()


async def _check(visit: Visit, row: ProviderRow, done: "asyncio.Queue[Step | None]") -> None:
    try:
        async with aclosing(check_mailbox(visit.context, visit.tenant, row, patient=False)) as steps:
            async for step in steps:
                done.put_nowait(step)
    except MaildockError as problem:
        done.put_nowait(Step("check", ok=False, detail=str(problem), remedy="check again in a while"))
    finally:
        done.put_nowait(None)


async def _pieces(steps: AsyncIterator[Step]) -> AsyncIterator[tuple[str, str]]:
    wrong = 0
    async for step in steps:
        wrong += not step.ok
        yield "step", fragment("check_step.html", step=step)
    yield "outcome", fragment("check_outcome.html", wrong=wrong)


async def _events(steps: AsyncIterator[Step]) -> AsyncIterator[str]:
    yield ":\n\n"
    async for name, html in _pieces(steps):
        yield f"event: {name}\ndata: {' '.join(html.splitlines())}\n\n"


async def _page(visit: Visit, row: ProviderRow, steps: AsyncIterator[Step]) -> AsyncIterator[str]:
    before, _, after = fragment("check.html", visit=visit, row=row).partition(_HERE)
    yield before
    async for name, html in _pieces(steps):
        yield html if name == "step" else f"</ol>{html}"
    yield after
