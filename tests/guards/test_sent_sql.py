import json
from pathlib import Path

import pytest
from scripts.guards import sent_sql

READ = "execute <unnamed>: SELECT * FROM tickets WHERE tenant = $1"
GOOD = ("statement: BEGIN", "execute _pg3_0: SELECT maildock_enter($1)", READ, "statement: COMMIT")
LOOK = ("BEGIN", "SELECT tenant, ticket_id FROM tickets", "COMMIT")


def write(root: Path, sent: tuple[str, ...], *, by: str = "maildock", session: str = "6f.1") -> Path:
    """Add statements to the log of a server, as PostgreSQL writes it."""
    versions, logs = root / sent_sql.VERSIONS, root / sent_sql.LOGS / "deeper"
    for folder in (versions, logs):
        folder.mkdir(parents=True, exist_ok=True)
    (versions / "0001_first.sql").write_text("CREATE TABLE tickets (\n    tenant uuid\n);\n")
    with (logs / "server.json").open("a") as log:
        for message in sent:
            record = {"session_id": session, "application_name": by, "message": message, "error_severity": "LOG"}
            log.write(json.dumps(record, separators=(",", ":")) + "\n")
    return root


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    """A root whose log holds one good transaction of each application."""
    write(tmp_path, tuple(f"statement: {sent}" for sent in LOOK), by="maildock-sweep", session="6f.0")
    return write(tmp_path, GOOD)


def test_good_transactions_pass(quiet: Path) -> None:
    assert sent_sql.problems(quiet) == []


def test_a_statement_without_its_tenant_is_found_once(quiet: Path) -> None:
    sent = ("statement: BEGIN", *["execute x: SELECT *\n FROM tickets"] * 3)
    (found,) = sent_sql.problems(write(quiet, sent))
    assert found == "maildock: tickets is not bound to the tenant: SELECT * FROM tickets"


@pytest.mark.parametrize(
    "before", [(), ("statement: BEGIN", "statement: COMMIT"), ("statement: BEGIN", "statement: ROLLBACK")]
)
def test_a_statement_outside_a_transaction_is_found(quiet: Path, before: tuple[str, ...]) -> None:
    (found,) = sent_sql.problems(write(quiet, (*before, READ)))
    assert "outside a transaction" in found


def test_a_savepoint_that_is_rolled_back_leaves_the_transaction_open(quiet: Path) -> None:
    assert sent_sql.problems(write(quiet, ("statement: BEGIN", "statement: ROLLBACK TO SAVEPOINT s", READ))) == []


def test_the_transaction_of_another_session_does_not_count(quiet: Path) -> None:
    write(quiet, ("statement: BEGIN",), session="6f.2")
    (found,) = sent_sql.problems(write(quiet, (READ,), session="6f.3"))
    assert "outside a transaction" in found


@pytest.mark.parametrize(
    "sent", ["UPDATE tickets SET a = 1", "SELECT * FROM tickets FOR UPDATE", "SELECT 1; DELETE FROM tickets"]
)
def test_the_sweep_may_only_read(quiet: Path, sent: str) -> None:
    (found,) = sent_sql.problems(write(quiet, (f"statement: {sent}",), by="maildock-sweep"))
    assert found.startswith("maildock-sweep: the sweep may only read: ")


def test_what_others_send_is_their_own_matter(quiet: Path) -> None:
    assert sent_sql.problems(write(quiet, ("statement: DROP TABLE tickets",), by="psql")) == []


def test_a_silent_log_is_a_problem(tmp_path: Path) -> None:
    found = sent_sql.problems(write(tmp_path, ()))
    assert [line.partition(" was logged")[0] for line in found] == [
        "no statement of maildock",
        "no statement of maildock-sweep",
    ]


def test_the_tables_are_those_of_the_migrations(root: Path) -> None:
    assert {"tenants", "tickets", "email_processed_attachments"} <= sent_sql.tenant_tables(root)
