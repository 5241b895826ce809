"""Many small attachments through the whole flow, against a loop that commits the same rows one at a time."""

import random
import statistics
import time
from collections.abc import Iterator
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from scripts.bench.figure import ROUNDS, TIMES, Figure, Measurement, Pairs
from scripts.bench.ground import Apart, Ground, apart
from scripts.bench.mails import write_mail

MAILS, EACH = 25, 20
COUNT = MAILS * EACH

ENTER: LiteralString = "SELECT maildock_enter(%(tenant)s)"
ROWS: tuple[LiteralString, ...] = (
    "INSERT INTO objects (tenant, sha256, size, state) VALUES (%(tenant)s, %(sha)s, 1, 'stored')",
    """INSERT INTO file_stores (tenant, file_id, storage_key, sha256, size, content_type, original_name, uploaded_by)
    VALUES (%(tenant)s, %(file)s, %(sha)s, %(sha)s, 1, 'a/b', 'a.bin', %(user)s)""",
    """INSERT INTO documents (tenant, document_id, file_id, name, created_by)
    VALUES (%(tenant)s, %(document)s, %(file)s, 'a.bin', %(user)s)""",
    """INSERT INTO document_associations (tenant, association_id, document_id, entity_type, entity_id, created_by)
    VALUES (%(tenant)s, %(link)s, %(document)s, 'ticket', %(document)s, %(user)s)""",
    """UPDATE email_processed_attachments SET status = 'stored', file_id = %(file)s, document_id = %(document)s,
    sha256 = %(sha)s, updated_at = now() WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s
    AND email_id = %(email_id)s AND attachment_id = %(attachment_id)s""",
)
NEWEST: LiteralString = """SELECT provider_id, email_id, attachment_id FROM email_processed_attachments
    WHERE tenant = %(tenant)s ORDER BY created_at DESC LIMIT %(count)s"""

HOW = (
    f"{MAILS} mails with {EACH} attachments each, 10 to 100 KiB of random bytes, have been received; a worker in a"
    " process of its own, warm and with its logs on, files the mails and stores the attachments: from the first claim"
    " to the last commit. Its processor time is that of all its threads. The floor is a loop on one connection that"
    " does nothing but commit the rows of a stored attachment (object, file, document, association, and its row of the"
    " ledger, which is there already) one attachment at a time; it writes no file, files no mail and claims nothing."
    " Ext4 looks longer for a free inode where thousands of files were deleted within the last five minutes, which"
    " costs up to 0.2 ms for each attachment: measure when nothing was."
)


def _run(base: Ground) -> Iterator[Figure]:
    with apart(base) as worker:
        rounds = [_round(base, worker, number) for number in range(ROUNDS + 1)][1:]
    wall, cpu, bare = zip(*rounds, strict=True)
    pairs = Pairs(wall, bare)
    yield Figure(
        "6. small attachments through the whole flow: worker CPU for each",
        statistics.median(cpu) * 1000 / COUNT,
        "ms",
        1.3,
        beside=f"{min(cpu) * 1000 / COUNT:.2f} to {max(cpu) * 1000 / COUNT:.2f} ms",
    )
    yield Figure(
        "6. the same: rate, against a bare loop that commits the same rows",
        pairs.share,
        TIMES,
        0.5,
        at_least=True,
        beside=Pairs(tuple(COUNT / one for one in wall), tuple(COUNT / one for one in bare)).beside("bare loop", "/s"),
    )


MEASUREMENT = Measurement(HOW, _run)


def _round(base: Ground, worker: Apart, number: int) -> tuple[float, float, float]:
    chance = random.Random(number)  # noqa: S311 - sizes, no secrets
    mails = [
        write_mail(base.folder / f"small {number} {mail}.eml", [chance.randint(10_000, 100_000) for _ in range(EACH)])
        for mail in range(MAILS)
    ]
    taken = worker.take(*mails)
    return taken.worked, taken.worked_cpu, _bare(base.where.app, UUID(worker.tenant))


def _bare(dsn: str, tenant: UUID) -> float:
    with psycopg.connect(dsn, autocommit=True, application_name="bench", row_factory=dict_row) as connection:
        with connection.transaction():
            connection.execute(ENTER, {"tenant": tenant})
            user = connection.execute("SELECT system_user_id FROM tenants WHERE tenant = %s", (tenant,)).fetchall()
            ledger = connection.execute(NEWEST, {"tenant": tenant, "count": COUNT}).fetchall()
        if not user or len(ledger) != COUNT:
            raise LookupError("the worker's tenant and what it has just stored are not there")
        same = {"tenant": tenant, "user": user[0]["system_user_id"]}
        began = time.perf_counter()
        for row in ledger:
            with connection.transaction():
                connection.execute(ENTER, same)
                new = {"file": uuid4(), "document": uuid4(), "link": uuid4(), "sha": uuid4().hex * 2}
                for statement in ROWS:
                    connection.execute(statement, {**new, **row, **same})
        return time.perf_counter() - began
