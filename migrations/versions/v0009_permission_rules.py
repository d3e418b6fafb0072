"""The user's lasting permission rules."""

import sqlalchemy as sa
from alembic import op

revision = "permission_rules"
down_revision = "turn_effects"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "permission_rules",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("effect", sa.String(10), nullable=False),
        sa.Column("area", sa.String(20), nullable=False),
        sa.Column("match", sa.String(10), nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("created_at", _ID, nullable=False),
        sa.Column("used_at", _ID),
        sa.Column("uses", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_subject", sa.Text, nullable=False, server_default=""),
    )
