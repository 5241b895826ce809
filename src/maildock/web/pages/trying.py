"""What the forms that try a mailbox's connection share: the trial, and what became of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from fastapi import Request

from maildock.domain.errors import UsageError
from maildock.providers.base import Step
from maildock.tables import mailbox_connections
from maildock.tables.email_providers import ProviderRow
from maildock.web.pages.mailbox_forms import TYPED, WrongFields
from maildock.web.pages.providers import known_provider
from maildock.web.pages.trials import TooManyTrials, Trials
from maildock.web.pages.visit import Visit
from maildock.web.problems import not_found

MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a form: `error` is about all of it, `wrong` about fields by name, `steps` were tried."""

    error: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    code: int = 422
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: WrongFields | UsageError | TooManyTrials) -> "Outcome":
        """Say why nothing was tried or saved."""
        if isinstance(problem, WrongFields):
            return cls(wrong=problem.wrong)
        if isinstance(problem, TooManyTrials):
            return cls(error=str(problem), code=429, headers={"Retry-After": str(problem.retry_after)})
        return cls(error=str(problem))


async def remote_provider(visit: Visit, provider_id: str) -> ProviderRow:
    """Give a mailbox of the visitor's tenant that lies at a vendor; raises the 404 of pages."""
    row = await known_provider(visit, provider_id)
    if row.kind not in TYPED:
        raise not_found()
    return row


async def known_settings(visit: Visit, row: ProviderRow) -> str:
    """Give the settings of a mailbox's connection; raises the 404 of pages."""
    async with visit.session() as session:
        known = await mailbox_connections.get(session, row.provider_id)
    if known is None:
        raise not_found()
    return known.settings


async def tried(request: Request, visit: Visit, steps: AsyncIterator[Step]) -> tuple[Step, ...]:
    """Try each step, but not for longer than a person waits for a page. Raises `TooManyTrials`."""
    found: list[Step] = []
    trials: Trials = request.app.state.trials
    with trials.one(visit.tenant):
        try:
            async with asyncio.timeout(MOST_SECONDS):
                async for step in steps:
                    found.append(step)  # noqa: PERF401 - what was tried is kept when time is up
        except TimeoutError:
            detail = f"this was not done within {MOST_SECONDS:.0f} seconds"
            found.append(Step("time", ok=False, detail=detail, remedy="send the form again in a while"))
    return tuple(found)
