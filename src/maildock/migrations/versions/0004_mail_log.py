"""Let people look through all mail by mailbox, outcome and time, and see what the store holds.

Kind: expand.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Mailbox and outcome before the time: any choice of them is a few short walks, each already in order.
INDEXES = {
    "email_processed_messages_log": ("email_processed_messages (tenant, provider_id, status, created_at, email_id)"),
    "email_processed_attachments_log": (
        "email_processed_attachments (tenant, provider_id, status, created_at, email_id, attachment_id)"
    ),
    "objects_sizes": "objects (tenant, state) INCLUDE (size)",
}


def upgrade() -> None:
    """Add indexes."""
    for name, what in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {what}")


def downgrade() -> None:
    """Remove them."""
    for name in reversed(INDEXES):
        op.execute(f"DROP INDEX {name}")
