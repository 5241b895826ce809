from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from scripts.guards import catalogue, schema

KEPT = "CREATE TABLE kept (tenant uuid NOT NULL, id uuid NOT NULL, name text, PRIMARY KEY (tenant, id))"
POLICY = "CREATE POLICY p ON kept USING ({0}) WITH CHECK ({0})"
OF_TENANT = "tenant = nullif(current_setting('maildock.tenant', true), '')::uuid"


@pytest.fixture
def empty_schema(migrated: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that creates in a schema `trial`, undone at the end."""
    with psycopg.connect(migrated) as connection:
        connection.execute("CREATE SCHEMA trial")
        connection.execute("SET LOCAL search_path = trial")
        yield connection
        connection.rollback()


@pytest.fixture
def good_schema(empty_schema: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The same with one table that keeps every rule."""
    for statement in (KEPT, POLICY.format(OF_TENANT), "ALTER TABLE kept ENABLE ROW LEVEL SECURITY"):
        run(empty_schema, statement)
    run(empty_schema, "ALTER TABLE kept FORCE ROW LEVEL SECURITY")
    return empty_schema


def run(connection: psycopg.Connection[Any], statement: str) -> None:
    connection.execute(statement.encode())


def test_every_migration_can_be_undone_and_repeated_and_keeps_the_rules(root: Path) -> None:
    assert schema.problems(root) == []


def test_a_table_that_keeps_the_rules_passes(good_schema: psycopg.Connection[Any]) -> None:
    assert catalogue.problems(good_schema, "trial") == []


def test_a_schema_without_tables_is_a_problem(empty_schema: psycopg.Connection[Any]) -> None:
    assert catalogue.problems(empty_schema, "trial") == ["the schema trial has no table"]


@pytest.mark.parametrize(
    ("statement", "breach"),
    [
        ("CREATE INDEX i ON kept (name)", "i of kept doesn't begin with the tenant"),
        ("CREATE UNIQUE INDEX i ON kept (name, tenant)", "i of kept doesn't begin with the tenant"),
        ("ALTER TABLE kept NO FORCE ROW LEVEL SECURITY", "kept has no row level security that is enabled and forced"),
        ("ALTER TABLE kept DISABLE ROW LEVEL SECURITY", "kept has no row level security that is enabled and forced"),
        ("DROP POLICY p ON kept", "kept has no policy that compares the tenant for reading and writing"),
        ("CREATE POLICY q ON kept USING (true)", "q of kept opens the table to more than the sweep's reading"),
        ("CREATE SEQUENCE s", "s is a sequence"),
        ("CREATE VIEW v AS SELECT * FROM kept", "v is a view without security_invoker"),
        ("GRANT SELECT ON kept TO maildock_sweep", "kept lets the sweep do more than read columns"),
        ("GRANT UPDATE (name) ON kept TO maildock_sweep", "kept lets the sweep do more than read columns"),
    ],
)
def test_a_breach_is_named(good_schema: psycopg.Connection[Any], statement: str, breach: str) -> None:
    run(good_schema, statement)
    assert catalogue.problems(good_schema, "trial") == [breach]


def test_the_sweep_may_have_a_policy_for_reading(good_schema: psycopg.Connection[Any]) -> None:
    run(good_schema, "CREATE POLICY q ON kept FOR SELECT TO maildock_sweep USING (true)")
    assert catalogue.problems(good_schema, "trial") == []


def test_a_foreign_key_must_lead_from_tenant_to_tenant(good_schema: psycopg.Connection[Any]) -> None:
    run(
        good_schema,
        "ALTER TABLE kept ADD up uuid, ADD CONSTRAINT c FOREIGN KEY (up, tenant) REFERENCES kept (id, tenant)",
    )
    assert "c of kept doesn't lead from tenant to tenant" in catalogue.problems(good_schema, "trial")


def test_a_table_without_tenant_breaks_every_rule(good_schema: psycopg.Connection[Any]) -> None:
    run(good_schema, "CREATE TABLE loose (id uuid PRIMARY KEY)")
    found = catalogue.problems(good_schema, "trial")
    assert "loose has no column tenant uuid NOT NULL" in found
    assert "loose_pkey of loose doesn't begin with the tenant" in found


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE kept ADD extra text",
        "ALTER TABLE kept ALTER name SET DEFAULT ''",
        "ALTER TABLE kept ADD CHECK (name <> '')",
        "GRANT SELECT ON kept TO maildock_app",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE e AS ENUM ('a')",
        "DROP POLICY p ON kept",
    ],
)
def test_every_change_shows_in_a_snapshot(good_schema: psycopg.Connection[Any], change: str) -> None:
    before = catalogue.snapshot(good_schema, "trial")
    run(good_schema, change)
    assert catalogue.snapshot(good_schema, "trial") != before
