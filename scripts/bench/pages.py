"""The page of a ticket with many files and a long conversation, against the bare queries of the same rows."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import aiohttp
import psycopg
from tests.mail import mail

from maildock import wiring
from maildock.access.people import add_user
from scripts.bench import serving
from scripts.bench.figure import TIMES, Figure, Measurement, Pairs
from scripts.bench.ground import Ground, apart

COMMENTS, EACH = 100, 3
VISITS = 100
MOST_MS = 100
EMAIL, PASSWORD = "ann@shop.example", "correct horse battery"

HOW = (
    f"A ticket with {COMMENTS} comments and {COMMENTS * EACH} documents. Somebody who is logged in opens its page"
    f" {VISITS} times on one connection, over loopback, in turn with the floor: the same rows (the page's last 50"
    " comments and all documents) read with plain SQL on one connection and no more. Ten visits come before, uncounted."
)


def _mails(folder: Path) -> list[Path]:
    first = mail("Printer")
    sent = [first, *(mail(text=f"Reply {number}\n" * 20).reply_to(first) for number in range(1, COMMENTS))]
    paths = []
    for number, one in enumerate(sent):
        for file in range(EACH):
            one = one.attach(f"{number}-{file}.txt", f"{number} {file}".encode())  # noqa: PLW2901 - it grows
        paths.append(folder / f"page-{number:03}.eml")
        paths[-1].write_bytes(one.raw())
    return paths


def _run(base: Ground) -> Iterator[Figure]:
    first, *rest = _mails(base.folder)
    with apart(base) as worker:
        worker.take(first)
        worker.take(*rest)
        pairs = asyncio.run(_measure(base, UUID(worker.tenant)))
    yield Figure(
        f"10. a ticket's page with {COMMENTS * EACH} documents and {COMMENTS} comments: median",
        statistics.median(pairs.ours) * 1000,
        "ms",
        MOST_MS,
        beside=pairs.beside("its rows alone", "ms", 1000),
    )
    yield Figure("10. the same: 95th percentile", statistics.quantiles(pairs.ours, n=20)[-1] * 1000, "ms")
    yield Figure("10. the same: time divided by that of its rows alone", pairs.times, TIMES)


MEASUREMENT = Measurement(HOW, _run)


async def _measure(base: Ground, tenant: UUID) -> Pairs:
    async with (
        wiring.open_context(base.settings, base.where) as context,
        serving.ours(context, base.settings.public_url) as origin,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
    ):
        await add_user(context.database, tenant, EMAIL, PASSWORD, admin=False)
        form = {"email": EMAIL, "password": PASSWORD}
        await (await browser.post(f"{origin}/login", data=form, headers={"Origin": origin})).read()
        connection = await psycopg.AsyncConnection.connect(base.where.app, autocommit=False)
        async with connection:
            taken = [(await _visit(browser, origin), await _read(connection, tenant)) for _ in range(VISITS + 10)][10:]
    ours, theirs = zip(*taken, strict=True)
    return Pairs(ours, theirs)


async def _visit(browser: aiohttp.ClientSession, origin: str) -> float:
    began = time.perf_counter()
    async with browser.get(f"{origin}/tickets/1", allow_redirects=False) as answer:
        shown = await answer.read()
    taken = time.perf_counter() - began
    if b"99-2.txt" not in shown:
        raise ValueError(f"the page answered {answer.status} without its documents")
    return taken


async def _read(connection: psycopg.AsyncConnection, tenant: UUID) -> float:
    began = time.perf_counter()
    async with connection.transaction():
        await connection.execute("SELECT maildock_enter(%s)", (tenant,))
        said = await connection.execute(
            "SELECT * FROM comments WHERE tenant = %s ORDER BY created_at DESC LIMIT 50", (tenant,)
        )
        files = await connection.execute(
            "SELECT * FROM documents JOIN file_stores USING (tenant, file_id) WHERE tenant = %s", (tenant,)
        )
        rows = len(await said.fetchall()) + len(await files.fetchall())
    if rows != 50 + COMMENTS * EACH:
        raise ValueError(f"{rows} rows were read")
    return time.perf_counter() - began
