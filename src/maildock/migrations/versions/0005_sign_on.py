"""Let people sign in through an issuer of OpenID Connect.

Kind: expand.
"""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "user_identities"

DISTRIBUTE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('user_identities', 'tenant', colocate_with => 'tenants');
    END IF;
END $$
"""


def upgrade() -> None:
    """Add a table; Citus wants it distributed before it has an index."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    creation, index = script.split("-- One login")
    op.execute(creation)
    op.execute(DISTRIBUTE)
    op.execute(f"-- One login{index}")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {TABLE}_of_tenant ON {TABLE} "
        "USING (tenant = nullif(current_setting('maildock.tenant', true), '')::uuid) "
        "WITH CHECK (tenant = nullif(current_setting('maildock.tenant', true), '')::uuid)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO maildock_app")


def downgrade() -> None:
    """Remove it."""
    op.execute(f"DROP TABLE {TABLE}")
