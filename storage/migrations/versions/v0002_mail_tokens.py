"""One-time tokens for decisions by e-mail. Only hashes: a copy of the table decides nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table and its index."""
    op.create_table(
        "mail_tokens",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("code_hash", sa.Text, nullable=False),
        sa.Column("approval_id", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("issued_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("tries", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("uses", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("claimed_until", sa.Text, nullable=False, server_default=""),
        sa.Column("used_at", sa.Text, nullable=False, server_default=""),
        sa.Column("revoked_at", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("mail_tokens_by_approval", "mail_tokens", ["approval_id"])
    op.create_index("mail_tokens_by_expiry", "mail_tokens", ["expires_at"])


def downgrade() -> None:
    """Every link sent by mail stops working."""
    op.drop_table("mail_tokens")
