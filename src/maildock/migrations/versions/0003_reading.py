"""Find tickets by words, list them by status, remember who has read what, and when a token was used.

Kind: expand.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from maildock.domain.search import words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TENANT_TABLES = ("ticket_words", "ticket_readings")

DISTRIBUTE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('{table}', 'tenant', colocate_with => 'tenants');
    END IF;
END $$
"""

TEXTS = """
SELECT ticket_id, 'subject' AS source, concat_ws(' ', number, subject) AS said FROM tickets WHERE tenant = :tenant
UNION ALL SELECT ticket_id, 'sender', concat_ws(' ', author, author_name) FROM comments WHERE tenant = :tenant
UNION ALL SELECT ticket_id, 'file', file_name FROM email_processed_attachments WHERE tenant = :tenant
"""
KEEP = """
INSERT INTO ticket_words (tenant, ticket_id, source, word)
SELECT :tenant, :ticket_id, :source, unnest(CAST(:words AS text[])) ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Add columns, an index, and tables; what is there already is found by its words too."""
    op.execute("ALTER TABLE users ADD COLUMN read_until timestamptz NOT NULL DEFAULT now()")
    op.execute("ALTER TABLE api_tokens ADD COLUMN last_used_at timestamptz")
    op.execute("CREATE INDEX tickets_of_status ON tickets (tenant, status, updated_at, number)")
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    creations = [f"CREATE TABLE {creation}" for creation in script.split("CREATE TABLE ")[1:]]
    for table, creation in zip(TENANT_TABLES, creations, strict=True):
        op.execute(creation)
        _protect(table)
    _find_what_is_there()


def downgrade() -> None:
    """Remove them."""
    for table in reversed(TENANT_TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP INDEX tickets_of_status")
    op.execute("ALTER TABLE api_tokens DROP COLUMN last_used_at")
    op.execute("ALTER TABLE users DROP COLUMN read_until")


def _find_what_is_there() -> None:
    connection = op.get_bind()
    # The owner is bound by row level security as well; only the sweep sees which tenants there are.
    connection.execute(sa.text("SET LOCAL ROLE maildock_sweep"))
    tenants = connection.execute(sa.text("SELECT tenant FROM tenants")).scalars().all()
    connection.execute(sa.text("SET LOCAL ROLE NONE"))
    for tenant in tenants:
        connection.execute(sa.text("SELECT maildock_enter(:tenant)"), {"tenant": tenant})
        found = connection.execute(sa.text(TEXTS), {"tenant": tenant})
        for batch in found.partitions(1000):
            kept = [
                {"tenant": tenant, "ticket_id": row.ticket_id, "source": row.source, "words": words(row.said)}
                for row in batch
            ]
            connection.execute(sa.text(KEEP), kept)
    connection.execute(sa.text("SET LOCAL maildock.tenant = ''"))


def _protect(table: str) -> None:
    op.execute(DISTRIBUTE.format(table=table))
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {table}_of_tenant ON {table} "
        "USING (tenant = nullif(current_setting('maildock.tenant', true), '')::uuid) "
        "WITH CHECK (tenant = nullif(current_setting('maildock.tenant', true), '')::uuid)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO maildock_app")
