"""`/dashboard`: how much comes in, how it ends, how long that takes, what waits and what is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Response

from maildock.tables import figures
from maildock.tables.figures import MailCount, PartCount
from maildock.web.pages.charts import Chart, Series, Step, chart, shares
from maildock.web.pages.filters import between
from maildock.web.pages.refusals import bad_request
from maildock.web.pages.rendering import page, size
from maildock.web.pages.visit import Admin

router = APIRouter(include_in_schema=False)

_MAILS = (Series("Mails", "busy"), Series("Failed or given up", "bad"))
_PARTS = (
    Series("Stored", "good"),
    Series("Left out", "soft"),
    Series("Waiting", "busy"),
    Series("Failed or given up", "bad"),
)
_BYTES = (Series("Stored", "good"),)
_TONES = {
    "stored": "good",
    "skipped": "soft",
    "pending": "busy",
    "processing": "main",
    "failed": "warn",
    "dead": "bad",
}
_SPANS = ((60.0, "s", 1.0), (3600.0, "min", 60.0), (48 * 3600.0, "h", 3600.0))
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Window:
    """A time that the page is about, cut into steps; `ticks` of them are labelled."""

    label: str
    since: datetime
    step: timedelta
    steps: int
    ticks: int
    tick_format: str

    @property
    def until(self) -> datetime:
        """Its end."""
        return self.since + self.step * self.steps

    def starts(self) -> list[datetime]:
        """Give the beginning of each step."""
        return [self.since + self.step * number for number in range(self.steps)]

    def labels(self) -> list[str]:
        """Give the labels below a chart."""
        stride = self.steps // self.ticks
        return [f"{at:{self.tick_format}}" for at in self.starts()[::stride]]


def window(name: str, now: datetime) -> Window:
    """Give the last 24 hours by the hour, or 7 days by a quarter of a day, with what has just begun."""
    if name == "24h":
        hour = now.replace(minute=0, second=0, microsecond=0)
        return Window("24 hours", hour - timedelta(hours=23), timedelta(hours=1), 24, 4, "%H:%M")
    if name == "7d":
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return Window("7 days", day - timedelta(days=6), timedelta(hours=6), 28, 7, "%-d %b")
    raise bad_request()


@router.get("/dashboard")
async def show_dashboard(visit: Admin, span: str = "24h") -> Response:
    """Show the figures of a time."""
    over = window(span, datetime.now(UTC))
    async with visit.session() as session:
        mails = await figures.mails(session, over.since, over.until, over.step)
        parts = await figures.parts(session, over.since, over.until, over.step)
        taken = await figures.taken(session, over.since, over.until)
        waiting = await figures.waiting(session)
        held = await figures.held(session)
    counts = {status: sum(getattr(row, status) for row in parts) for status in _TONES}
    return page(
        "dashboard.html",
        visit=visit,
        span=span,
        over=over,
        charts=_charts(over, mails, parts),
        mails=sum(row.fine + row.broken for row in mails),
        broken=sum(row.broken for row in mails),
        stored_bytes=sum(row.stored_bytes for row in parts),
        counts=counts,
        tones=_TONES,
        shares=shares([(count, _TONES[status]) for status, count in counts.items()]),
        taken=taken,
        waiting=waiting,
        held=held,
        lasting=lasting,
        between=between,
    )


def _charts(over: Window, mails: Sequence[MailCount], parts: Sequence[PartCount]) -> list[Chart]:
    each = "hour" if over.step == timedelta(hours=1) else "6 hours"
    mail_at = {row.at: (row.fine, row.broken) for row in mails}
    part_at = {row.at: (row.stored, row.skipped, row.pending + row.processing, row.failed + row.dead) for row in parts}
    bytes_at = {row.at: (row.stored_bytes,) for row in parts}
    return [
        chart("mails", f"Mails per {each}", _MAILS, _steps(over, mail_at, 2, "/mail"), over.labels()),
        chart("parts", f"Files per {each}", _PARTS, _steps(over, part_at, 4, "/mail/parts"), over.labels()),
        chart(
            "bytes",
            f"Bytes stored per {each}",
            _BYTES,
            _steps(over, bytes_at, 1, "/mail/parts", "stored"),
            over.labels(),
            size,
            1024,
        ),
    ]


def _steps(
    over: Window, values: Mapping[datetime, tuple[int, ...]], count: int, path: str, status: str = ""
) -> list[Step]:
    return [
        Step(
            f"{at.day} {at:%b, %H:%M}",
            f"{path}?{between(at, at + over.step, status)}",
            values.get(at, (0,) * count),
        )
        for at in over.starts()
    ]


def lasting(seconds: float) -> str:
    """Write how long something took, for people."""
    for below, unit, length in _SPANS:
        if seconds < below:
            value = seconds / length
            return f"{value:.{1 if value < 10 else 0}f} {unit}"  # noqa: PLR2004 - two digits either way
    return f"{seconds / _DAY:.0f} days"
