"""The dashboard's figures are the database's, and lead to lists of just what they count."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import LiteralString

import pytest

from maildock.flow.context import Context
from maildock.tables.tenants import Tenant
from maildock.web.pages.charts import Series, Step, ceiling, chart
from maildock.web.pages.dashboard import lasting, window
from tests.desk import Desk
from tests.mail import mail
from tests.web.visitor import Visitor, person

PARTS: LiteralString = "FROM email_processed_attachments WHERE tenant = %(tenant)s AND created_at >= %(since)s"
SECONDS: LiteralString = (
    "SELECT extract(epoch FROM a.updated_at - m.created_at)::float8 AS seconds FROM email_processed_attachments a"
    " JOIN email_processed_messages m USING (tenant, email_id) WHERE tenant = %(tenant)s AND a.status = 'stored'"
    " AND a.created_at >= %(since)s ORDER BY 1"
)
MOVE_MAIL: LiteralString = (
    "UPDATE email_processed_messages SET created_at = %(at)s WHERE tenant = %(tenant)s AND subject = %(name)s"
)
MOVE_PARTS: LiteralString = (
    "UPDATE email_processed_attachments AS a SET created_at = %(at)s, updated_at = %(stored)s"
    " FROM email_processed_messages AS m WHERE a.tenant = %(tenant)s AND m.tenant = %(tenant)s"
    " AND m.email_id = a.email_id AND m.subject = %(name)s"
)
COUNTS = [(0, 2), (1, 2), (3, 4), (7, 8), (11, 12), (21, 30), (100, 100), (101, 120), (999_999, 1_000_000)]
SIZES = [(0, 2), (1500, 2048), (3 << 20, 4 << 20), (1 << 40, 1 << 40)]


@pytest.fixture
async def root(context: Context, tenant: Tenant, origin: str) -> Visitor:
    return await person(context, tenant, origin, "root@shop.example", admin=True)


def figures(page: str) -> dict[str, float]:
    """Read every figure that has a name."""
    return {name: float(value) for name, value in re.findall(r'<data id="([^"]+)" value="([^"]+)"', page)}


def table(page: str, name: str) -> dict[str, list[int]]:
    """Read a chart's table: the link of each row, and its figures."""
    (found,) = re.findall(rf'<table id="{name}-table">(.*?)</table>', page, re.DOTALL)
    rows = re.findall(r'<a href="([^"]+)">(.*?)</tr>', found, re.DOTALL)
    return {unescape(href): [int(value) for value in re.findall(r'value="(\d+)"', row)] for href, row in rows}


async def history(desk: Desk) -> None:
    """Spread mails over ten days, with parts of every outcome."""
    sent = [mail(f"Mail {n}").attach(f"{n}.bin", b"x" * (1000 + n)).attach(f"{n}.txt", b"%d" % n) for n in range(12)]
    await desk.ingest(*sent)
    for status in ("received", "failed"):
        await desk.receive(mail(status))
        await desk.all(
            "UPDATE email_processed_messages SET status = %(status)s, created_at = now() - interval '90 minutes'"
            " WHERE tenant = %(tenant)s AND subject IS NULL AND status = 'received'",
            status=status,
        )
    ages = (1, 5, 30, 90, 600, 1200, 1300, 3000, 6000, 9000, 12000, 15000)
    for number, minutes in enumerate(ages):
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        for change in (MOVE_MAIL, MOVE_PARTS):
            await desk.all(change, at=at, stored=at + timedelta(seconds=number + 1), name=f"Mail {number}")
    for number, (status, reason) in enumerate(
        (("skipped", "too_large"), ("failed", "storage"), ("dead", "corrupt"), ("pending", None), ("processing", None))
    ):
        await desk.all(
            "UPDATE email_processed_attachments SET status = %(status)s, reason = %(reason)s"
            " WHERE tenant = %(tenant)s AND file_name = %(name)s",
            status=status,
            reason=reason,
            name=f"{number}.txt",
        )


@pytest.mark.parametrize("span", ["24h", "7d"])
async def test_every_figure_is_the_databases(root: Visitor, desk: Desk, span: str) -> None:
    await history(desk)
    since = window(span, datetime.now(UTC)).since
    shown = figures(await root.text(f"/dashboard?span={span}"))
    (mails,) = await desk.all(
        "SELECT count(*) AS mails, sum((status = 'failed')::int) AS broken FROM email_processed_messages"
        " WHERE tenant = %(tenant)s AND created_at >= %(since)s",
        since=since,
    )
    assert (shown["mails"], shown["broken"]) == (mails["mails"], mails["broken"])
    for status in ("stored", "skipped", "failed", "dead", "pending", "processing"):
        (row,) = await desk.all("SELECT count(*) AS n " + PARTS + " AND status = %(it)s", since=since, it=status)
        assert shown[f"share-{status}"] == row["n"], status
    (stored,) = await desk.all("SELECT sum(size)::bigint AS n " + PARTS + " AND status = 'stored'", since=since)
    (held,) = await desk.all("SELECT sum(size)::bigint AS n, count(*) AS c FROM objects WHERE tenant = %(tenant)s")
    assert (shown["bytes"], shown["held"], shown["objects"]) == (stored["n"], held["n"], held["c"])
    took = [row["seconds"] for row in await desk.all(SECONDS, since=since)]
    assert shown["median"] == pytest.approx(_percentile(took, 0.5))
    assert shown["p95"] == pytest.approx(_percentile(took, 0.95))


def _percentile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@pytest.mark.parametrize("span", ["24h", "7d"])
async def test_each_bar_leads_to_a_list_of_what_it_counts(root: Visitor, desk: Desk, span: str) -> None:
    await history(desk)
    page = await root.text(f"/dashboard?span={span}")
    shown = figures(page)
    for name, total in (("mails", shown["mails"]), ("parts", sum(v for k, v in shown.items() if k[:6] == "share-"))):
        rows = table(page, name)
        assert len(rows) == {"24h": 24, "7d": 28}[span]
        assert sum(sum(values) for values in rows.values()) == total
        for href, values in rows.items():
            if sum(values):
                assert (await root.text(href)).count('<li class="row') == sum(values), href
    assert sum(values[0] for values in table(page, "bytes").values()) == shown["bytes"]
    (broken,) = re.findall(r'<a href="([^"]+)"><data id="broken"', page)
    assert (await root.text(unescape(broken))).count('<li class="row') == shown["broken"] == 2
    for status in ("stored", "skipped", "failed", "dead"):
        (href,) = re.findall(rf'<a href="([^"]+)">[^<]+</a> <data id="share-{status}"', page)
        assert (await root.text(unescape(href))).count('<li class="row') == shown[f"share-{status}"]


async def test_the_oldest_due_work_tells_how_far_behind_the_workers_are(root: Visitor, desk: Desk) -> None:
    assert "nothing is due" in await root.text("/dashboard")
    await desk.ingest(mail("Printer").attach("a.txt", b"a"))
    await desk.receive(mail("Waits"))
    age: LiteralString = (
        "UPDATE email_processed_messages SET created_at = now() - interval '1 hour', next_attempt_at = %(next)s,"
        " claimed_until = %(claimed)s WHERE tenant = %(tenant)s AND status = 'received'"
    )
    now = datetime.now(UTC)
    for due, claimed, seconds in (
        (None, None, 3600),
        (now - timedelta(minutes=5), None, 300),
        (now + timedelta(minutes=5), None, None),
        (None, now + timedelta(minutes=5), None),
    ):
        await desk.all(age, next=due, claimed=claimed)
        shown = figures(await root.text("/dashboard"))
        assert shown.get("oldest") == (seconds and pytest.approx(seconds, abs=20))
    await desk.all(age, next=None, claimed=None)
    await desk.all("UPDATE email_providers SET status = 'paused' WHERE tenant = %(tenant)s")
    assert "oldest" not in figures(await root.text("/dashboard"))


async def test_what_is_due_is_listed_as_it_is_counted(root: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a").attach("b.txt", b"b").attach("c.txt", b"c"))
    await desk.receive(mail("Waits"))
    failing: LiteralString = (
        "UPDATE email_processed_attachments SET status = 'failed', reason = 'unavailable',"
        " next_attempt_at = now() + %(later)s WHERE tenant = %(tenant)s AND file_name = ANY(%(names)s)"
    )
    await desk.all(failing, later=timedelta(minutes=-1), names=["a.txt", "b.txt"])
    await desk.all(failing, later=timedelta(minutes=1), names=["c.txt"])
    page = await root.text("/dashboard")
    for name, path in (("due-mails", "/mail?status=due"), ("due-parts", "/mail/parts?status=due")):
        assert f'<a href="{path}"><data id="{name}"' in page
        assert (await root.text(path)).count('<li class="row') == figures(page)[name]
    assert figures(page)["due-parts"] == 2
    await desk.all("UPDATE email_providers SET status = 'paused' WHERE tenant = %(tenant)s")
    assert "No due mail" in await root.text("/mail?status=due")


async def test_what_a_person_wished_for_later_took_no_time(root: Visitor, desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"a"))
    await desk.all(
        "UPDATE email_processed_attachments SET keep = true, updated_at = now() + interval '3 days'"
        " WHERE tenant = %(tenant)s"
    )
    assert "nothing was stored" in await root.text("/dashboard")


async def test_an_empty_desk_has_a_dashboard(root: Visitor) -> None:
    page = await root.text("/dashboard?span=7d")
    assert "No mail of the last 7 days brought a file." in page
    assert "Nothing came in." in page
    assert (await root.get("/dashboard?span=x")).status == 400


@pytest.mark.parametrize(
    ("most", "base", "top"),
    [*((most, 10, top) for most, top in COUNTS), *((most, 1024, top) for most, top in SIZES)],
)
def test_a_scale_ends_at_a_round_number(most: int, base: int, top: int) -> None:
    assert ceiling(most, base) == top


def test_values_are_stacked_to_their_heights() -> None:
    made = chart(
        "c", "C", [Series("a", "good"), Series("b", "bad")], [Step("x", "/", (1, 2)), Step("y", "/", (0, 4))], []
    )
    assert [[(box.y, box.height, box.tone) for box in bar.boxes] for bar in made.bars] == [
        [(75, 25, "good"), (25, 50, "bad")],
        [(0, 100, "bad")],
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (12, "12 s"), (90, "1.5 min"), (7200, "2.0 h"), (864000, "10 days")]
)
def test_how_long_something_took_is_written_for_people(seconds: float, text: str) -> None:
    assert lasting(seconds) == text
