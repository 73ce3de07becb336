"""What people set for themselves (deputy, quiet hours, digest), and open bypasses."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "preferences",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("deputy", sa.Text, nullable=False),
        sa.Column("away_from", sa.Text, nullable=False),
        sa.Column("away_until", sa.Text, nullable=False),
        sa.Column("quiet_from", sa.Text, nullable=False),
        sa.Column("quiet_until", sa.Text, nullable=False),
        sa.Column("digest", sa.Boolean, nullable=False),
    )
    op.create_table(
        "bypasses",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_index("bypasses_by_pipeline", "bypasses", ["pipeline", "until"])


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("bypasses")
    op.drop_table("preferences")
