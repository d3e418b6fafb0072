"""What a turn did to its work directory: the checkpoints before and after it."""

import sqlalchemy as sa
from alembic import op

revision = "turn_effects"
down_revision = "desktop_turn_tree"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "turn_effects",
        sa.Column("turn_id", _ID, sa.ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("work_dir", sa.Text, nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("after", sa.String(64)),
        sa.Column("created", sa.Integer, nullable=False, server_default="0"),
        sa.Column("changed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("deleted", sa.Integer, nullable=False, server_default="0"),
        sa.Column("skipped", sa.JSON),
        sa.Column("undone_at", _ID),
    )
