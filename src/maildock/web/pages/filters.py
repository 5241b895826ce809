"""Which rows of a long list an address asks for, and the addresses of lists that ask for something else."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query

from maildock.tables.mail_log import Choice
from maildock.web.pages.refusals import bad_request

BROKEN = ("failed", "dead")
OPEN = ("received", "pending", "processing", "failed")
_MINUTE = timedelta(minutes=1)
_MINUTES = "%Y-%m-%dT%H:%M"
_FIRST_YEAR = 1970  # no mail came in before it, and time zones cannot move it out of what a time can be


@dataclass(frozen=True, slots=True)
class Filters:
    """What an address says, word for word; times are in UTC, and their minutes belong to it; empty is everything."""

    provider: str = ""
    status: str = ""
    since: str = ""
    until: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.provider or self.status or self.since or self.until)

    def choice(self, statuses: tuple[str, ...]) -> Choice:
        """Read it; what makes no sense is a 400."""
        due = self.status == "due"
        groups = {"": (), "broken": BROKEN, "due": tuple(status for status in OPEN if status in statuses)}
        chosen = groups.get(self.status, (self.status,))
        if not set(chosen) <= set(statuses):
            raise bad_request()
        try:
            provider_id = UUID(self.provider) if self.provider else None
        except ValueError:
            raise bad_request() from None
        return Choice(provider_id, chosen, _time(self.since), _after(_time(self.until)), due)

    def query(self, **more: str) -> str:
        """Write an address's query that asks for the same, and for what is given here; empty values are left out."""
        said = {"provider": self.provider, "status": self.status, "from": self.since, "until": self.until, **more}
        return urlencode({name: value for name, value in said.items() if value})


def between(since: datetime, until: datetime, status: str = "") -> str:
    """Write the query of what came within a time, its end left out."""
    last = until - timedelta(microseconds=1)
    return Filters("", status, since.strftime(_MINUTES), last.strftime(_MINUTES)).query()


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request() from None
    if found.tzinfo is not None or found.year < _FIRST_YEAR:
        raise bad_request()
    return found.replace(tzinfo=UTC)


def _after(until: datetime | None) -> datetime | None:
    try:
        return until and until + _MINUTE
    except OverflowError:
        raise bad_request() from None


async def _asked(
    provider: str = "", status: str = "", since: Annotated[str, Query(alias="from")] = "", until: str = ""
) -> Filters:
    return Filters(provider, status, since, until)


Asked = Annotated[Filters, Depends(_asked)]
