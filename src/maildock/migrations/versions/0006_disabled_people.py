"""Keep people out who have left, with the tokens that they made.

Kind: expand.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns; nobody knows who made the tokens that are there."""
    op.execute("ALTER TABLE users ADD COLUMN disabled_at timestamptz")
    op.execute("ALTER TABLE api_tokens ADD COLUMN user_id uuid")
    op.execute(
        "ALTER TABLE api_tokens ADD CONSTRAINT api_tokens_user_fkey"
        " FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id) ON DELETE CASCADE"
    )


def downgrade() -> None:
    """Remove them."""
    op.execute("ALTER TABLE api_tokens DROP COLUMN user_id")
    op.execute("ALTER TABLE users DROP COLUMN disabled_at")
