import pytest
from scripts.guards import statement

TABLES = {"tickets", "comments", "documents"}


@pytest.mark.parametrize(
    "sent",
    [
        "SELECT * FROM tickets WHERE tenant = $1",
        "SELECT * FROM tickets AS t WHERE $1 = t.tenant AND (t.number < $2 OR t.number > $3)",
        "SELECT * FROM tickets t WHERE t.tenant = $1::uuid AND t.subject = 'FROM comments WHERE x'",
        "SELECT (SELECT count(*) FROM comments c WHERE c.tenant = $1) FROM tickets AS t WHERE t.tenant = $1",
        "SELECT * FROM tickets t JOIN comments c ON c.tenant = t.tenant AND c.ticket_id = t.id WHERE t.tenant = $1",
        "SELECT * FROM tickets JOIN comments USING (tenant, ticket_id) WHERE tenant = $1",
        "SELECT * FROM tickets t WHERE t.tenant = $1 AND EXISTS (SELECT FROM comments c WHERE c.tenant = t.tenant)",
        "SELECT * FROM unnest($1, $2) AS new (id, documents), tickets t WHERE t.tenant = $3 AND t.id = new.id",
        "SELECT a FROM tickets WHERE tenant = $1 UNION ALL SELECT a FROM comments WHERE tenant = $1",
        "WITH due AS (UPDATE tickets SET a = 1 WHERE tenant = $1 RETURNING b) SELECT DISTINCT b FROM due",
        "UPDATE tickets AS t SET a = n.a FROM unnest($1) AS n (a) WHERE t.tenant = $2",
        "DELETE FROM tickets WHERE tenant = $1 -- and comments",
        "INSERT INTO tickets (tenant, a) VALUES ($1, $2) ON CONFLICT (tenant, a) DO UPDATE SET a = excluded.a",
        "INSERT INTO tickets AS t (tenant, a) SELECT $1, a FROM unnest($2) AS new (a)",
        "SELECT a FROM tickets WHERE tenant = $1 ORDER BY a FOR UPDATE OF tickets",
        "SELECT * FROM tickets t WHERE t.tenant = $1 AND t.a IS DISTINCT FROM comments",
        "SELECT 1",
        "BEGIN",
    ],
)
def test_a_statement_that_names_its_tenant_passes(sent: str) -> None:
    assert statement.problems(sent, TABLES) == []


@pytest.mark.parametrize(
    ("sent", "table"),
    [
        ("SELECT * FROM tickets", "tickets"),
        ("SELECT * FROM public.tickets", "tickets"),
        ("SELECT tenant = $1 FROM tickets", "tickets"),
        ("SELECT * FROM tickets WHERE tenant = $1 OR a = 1", "tickets"),
        ("SELECT * FROM tickets WHERE (tenant = $1 OR a = 1)", "tickets"),
        ("SELECT * FROM tickets WHERE tenant <> $1", "tickets"),
        ("SELECT * FROM tickets t JOIN comments c ON c.ticket_id = t.id WHERE t.tenant = $1", "comments"),
        ("SELECT * FROM tickets t, comments c WHERE c.tenant = $1", "tickets"),
        ("SELECT * FROM tickets t JOIN comments c ON c.tenant = t.tenant", "tickets"),
        ("SELECT a FROM tickets WHERE tenant = $1 UNION SELECT a FROM comments", "comments"),
        ("SELECT * FROM tickets WHERE tenant = $1 AND id IN (SELECT id FROM comments)", "comments"),
        ("SELECT * FROM tickets t WHERE t.tenant = $1 AND EXISTS (SELECT FROM tickets t WHERE t.a = 1)", "tickets"),
        ("SELECT * FROM (tickets JOIN comments ON true) WHERE tenant = $1", "tickets"),
        ("UPDATE tickets SET a = 1", "tickets"),
        ("DELETE FROM tickets WHERE id = $1", "tickets"),
        ("DELETE FROM tickets USING comments c WHERE tickets.tenant = $1", "comments"),
        ("WITH due AS (DELETE FROM tickets RETURNING id) SELECT id FROM due", "tickets"),
    ],
)
def test_a_table_that_is_not_bound_to_the_tenant_is_named(sent: str, table: str) -> None:
    assert f"{table} is not bound to the tenant" in statement.problems(sent, TABLES)


@pytest.mark.parametrize(
    "sent",
    [
        "INSERT INTO tickets (a, tenant) VALUES ($1, $2)",
        "INSERT INTO tickets (tenant, a) VALUES (gen_random_uuid(), $1)",
        "INSERT INTO tickets (tenant, a) SELECT other, $1 FROM unnest($2) AS new (other)",
        "INSERT INTO tickets DEFAULT VALUES",
        "INSERT INTO tickets SELECT $1, $2",
    ],
)
def test_an_insert_must_begin_with_the_tenant(sent: str) -> None:
    found = statement.problems(sent, TABLES)
    assert found == ["tickets is inserted into without the tenant as the first value"]


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (
            "INSERT INTO tickets (tenant, a) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET a = now()",
            "now() in DO UPDATE, which Citus refuses",
        ),
        ("UPDATE tickets SET tenant = $1 WHERE tenant = $2", "the tenant of a row is changed"),
        ("COPY tickets FROM STDIN", "COPY, which row level security refuses"),
    ],
)
def test_what_citus_refuses_is_named(sent: str, problem: str) -> None:
    assert problem in statement.problems(sent, TABLES)
