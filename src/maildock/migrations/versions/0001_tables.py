"""Create the tables, the roles, and the row level security that separates tenants.

Kind: expand.
"""

import re
from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Parents first: Citus wants referenced tables distributed before those that refer to them.
TENANT_TABLES = (
    "tenants",
    "users",
    "sessions",
    "api_tokens",
    "ticket_counters",
    "tickets",
    "comments",
    "objects",
    "file_stores",
    "documents",
    "document_associations",
    "email_providers",
    "mailbox_leases",
    "email_processed_messages",
    "message_fingerprints",
    "email_processed_attachments",
)

# What the sweep may see of every tenant: where work is due, and which tenant a bare id belongs to. No content.
SWEEP_COLUMNS = {
    "tenants": "tenant, name, system_user_id, created_at",
    "users": "tenant, user_id, email",
    "api_tokens": "tenant, token_id",
    "tickets": "tenant, ticket_id",
    "documents": "tenant, document_id",
    "email_providers": "tenant, provider_id, kind, status, last_poll_at",
    "mailbox_leases": "tenant, provider_id, work, expires_at",
    "email_processed_messages": "tenant, provider_id, email_id, status, next_attempt_at, claimed_until, created_at",
    "email_processed_attachments": (
        "tenant, provider_id, email_id, attachment_id, status, next_attempt_at, claimed_until, created_at, updated_at"
    ),
}

# From PostgreSQL 16 on, whoever creates a role may not change to it unless granted so.
ROLES = """
DO $$
DECLARE
    wanted text;
    new_grants boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['maildock_app', 'maildock_sweep'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another migration on the same cluster was faster
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, CASE WHEN new_grants THEN 'SET' ELSE 'MEMBER' END) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted)
                || CASE WHEN new_grants THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
        END IF;
    END LOOP;
END $$
"""

# Up to PostgreSQL 15 the policies of a role always reach its members, and the owner is one: it must be left out, or row
# level security would let it see the swept tables without a tenant.
SWEPT = """
DO $$
BEGIN
    EXECUTE format('CREATE POLICY {table}_swept ON {table} FOR SELECT TO maildock_sweep '
        'USING (current_user <> %L)', current_user);
END $$
"""

# set_config() does not reach Citus workers, the statement SET LOCAL does; it takes no parameters, hence a function.
ENTER = """
CREATE FUNCTION maildock_enter(entered uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    EXECUTE format('SET LOCAL maildock.tenant = %L', entered);
END $$
"""

DISTRIBUTE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('{table}', 'tenant'{colocated});
    END IF;
END $$
"""


def upgrade() -> None:
    """Create everything, table by table: Citus wants each distributed before the next one refers to it."""
    op.execute(ROLES)
    op.execute(ENTER)
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    _, *creations = re.split(r"(?m)^(?=CREATE TABLE )", script)
    for table, creation in zip(TENANT_TABLES, creations, strict=True):
        op.execute(creation)
        _protect(table)
    # So that web and worker can tell the schema's version without the owner's password.
    op.execute("GRANT SELECT ON maildock_schema_version TO maildock_app, maildock_sweep")
    for table, columns in SWEEP_COLUMNS.items():
        op.execute(SWEPT.format(table=table))
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO maildock_sweep")


def _protect(table: str) -> None:
    colocated = "" if table == TENANT_TABLES[0] else f", colocate_with => '{TENANT_TABLES[0]}'"
    op.execute(DISTRIBUTE.format(table=table, colocated=colocated))
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {table}_of_tenant ON {table} "
        "USING (tenant = nullif(current_setting('maildock.tenant', true), '')::uuid) "
        "WITH CHECK (tenant = nullif(current_setting('maildock.tenant', true), '')::uuid)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO maildock_app")


def downgrade() -> None:
    """Drop everything but the roles, which other databases of the cluster may use."""
    for table in reversed(TENANT_TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION maildock_enter(uuid)")
