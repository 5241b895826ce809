"""Many small attachments through the whole flow, against a loop that commits the same rows one at a time."""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg

from maildock.tables.tenants import Tenant
from scripts.bench.figure import Figure
from scripts.bench.house import Ground, House, house
from scripts.bench.mails import write_mail

MAILS, EACH = 25, 20
COUNT = MAILS * EACH

ROWS: tuple[LiteralString, ...] = (
    "INSERT INTO objects (tenant, sha256, size, state) VALUES (%(tenant)s, %(sha)s, 1, 'stored')",
    """INSERT INTO file_stores (tenant, file_id, storage_key, sha256, size, content_type, original_name, uploaded_by)
    VALUES (%(tenant)s, %(file)s, %(sha)s, %(sha)s, 1, 'a/b', 'a.bin', %(user)s)""",
    """INSERT INTO documents (tenant, document_id, file_id, name, created_by)
    VALUES (%(tenant)s, %(document)s, %(file)s, 'a.bin', %(user)s)""",
    """INSERT INTO document_associations (tenant, association_id, document_id, entity_type, entity_id, created_by)
    VALUES (%(tenant)s, %(link)s, %(document)s, 'ticket', %(document)s, %(user)s)""",
)


def flow(base: Ground) -> Iterator[Figure]:
    """File 25 mails and store their 500 attachments of 10 to 100 KiB."""
    with tempfile.TemporaryDirectory() as name:
        taken = asyncio.run(_rounds(base, Path(name)))
    ours, cpu, bare = (sorted(column)[len(column) // 2] for column in zip(*taken, strict=True))
    yield Figure("CPU of the worker for one small attachment", cpu * 1000 / COUNT, 1.3, "ms")
    yield Figure(
        "small attachments, against a bare loop of the same rows", bare / ours, 0.5, "of its rate", at_least=True
    )


async def _rounds(base: Ground, folder: Path) -> list[tuple[float, float, float]]:
    async with house(base) as opened:
        return [await _round(base, opened, folder, number) for number in range(4)][1:]


async def _round(base: Ground, opened: House, folder: Path, number: int) -> tuple[float, float, float]:
    chance = random.Random(number)  # noqa: S311 - sizes, no secrets
    mails = [
        write_mail(folder / f"{number}-{mail}.eml", [chance.randint(10_000, 100_000) for _ in range(EACH)])
        for mail in range(MAILS)
    ]
    received = [await opened.receive(mail) for mail in mails]
    wall, cpu = time.perf_counter(), time.process_time()
    await opened.work(*received)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall, cpu, await asyncio.to_thread(_bare, base.where.app, opened.tenant)


def _bare(dsn: str, tenant: Tenant) -> float:
    with psycopg.connect(dsn, autocommit=True, application_name="bench") as connection:
        began = time.perf_counter()
        for _ in range(COUNT):
            with connection.transaction():
                connection.execute("SELECT maildock_enter(%s)", (tenant.tenant,))
                _rows(connection, tenant)
        return time.perf_counter() - began


def _rows(connection: psycopg.Connection[tuple[object, ...]], tenant: Tenant) -> None:
    values = {
        "tenant": tenant.tenant,
        "user": tenant.system_user_id,
        "file": uuid4(),
        "document": uuid4(),
        "link": uuid4(),
        "sha": uuid4().hex * 2,
    }
    for statement in ROWS:
        connection.execute(statement, values)
