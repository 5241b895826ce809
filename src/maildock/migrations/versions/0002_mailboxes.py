"""Connect mailboxes: how they are reached, how far they are read, and what tells us of new mail.

Kind: expand.
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT_TABLES = ("mailbox_connections", "mailbox_cursors", "push_subscriptions")
SWEPT_COLUMNS = "poll_at, watch_at, quiet_until, self_paused"

DISTRIBUTE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('{table}', 'tenant', colocate_with => 'tenants');
    END IF;
END $$
"""

COLUMNS = (
    "status_remedy text",
    "self_paused boolean NOT NULL DEFAULT false",
    "quiet_until timestamptz",
    "poll_at timestamptz",
    "poll_error text",
    "poll_failures integer NOT NULL DEFAULT 0",
    "recovered_at timestamptz",
    "recovered integer NOT NULL DEFAULT 0",
    "watch_at timestamptz",
    "watch_error text",
    "watch_remedy text",
    "removed_at timestamptz",
)

OLDEST_CREATED = "(tenant, provider_id, created_at)"
OLDEST_RECEIVED = "(tenant, provider_id, received_at, created_at)"


def upgrade() -> None:
    """Add columns and tables."""
    for column in COLUMNS:
        op.execute(f"ALTER TABLE email_providers ADD COLUMN {column}")
    op.execute(f"GRANT SELECT ({SWEPT_COLUMNS}) ON email_providers TO maildock_sweep")
    _order_due_mails(OLDEST_RECEIVED)
    _allow_leases("'mail', 'files', 'check'")
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    creations = [f"CREATE TABLE {creation}" for creation in script.split("CREATE TABLE ")[1:]]
    for table, creation in zip(TENANT_TABLES, creations, strict=True):
        op.execute(creation)
        _protect(table)


def downgrade() -> None:
    """Remove them."""
    for table in reversed(TENANT_TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DELETE FROM mailbox_leases WHERE work = 'check'")
    _allow_leases("'mail', 'files'")
    _order_due_mails(OLDEST_CREATED)
    for column in COLUMNS:
        op.execute(f"ALTER TABLE email_providers DROP COLUMN {column.split()[0]}")


def _order_due_mails(columns: str) -> None:
    op.execute("DROP INDEX email_processed_messages_due")
    op.execute(
        f"CREATE INDEX email_processed_messages_due ON email_processed_messages {columns}"
        " INCLUDE (next_attempt_at, claimed_until) WHERE status IN ('received', 'failed')"
    )


def _allow_leases(works: str) -> None:
    op.execute("ALTER TABLE mailbox_leases DROP CONSTRAINT mailbox_leases_work_check")
    op.execute(f"ALTER TABLE mailbox_leases ADD CONSTRAINT mailbox_leases_work_check CHECK (work IN ({works}))")


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
