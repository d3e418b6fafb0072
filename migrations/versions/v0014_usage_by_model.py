"""The sums of the statistics lie in the order in which they are read: by day, then by model.

The figures per day and model, the widest that there are, need no sorting then.
"""

import sqlalchemy as sa
from alembic import op

revision = "usage_by_model"
down_revision = "usage_aggregates"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NUMBERS = (
    "turns",
    "messages",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cost_micros",
    "priced",
    "duration_ms",
    "timed",
    "first_ms",
    "first_timed",
    "likes",
    "dislikes",
    "corrections",
    "feedback",
)


def upgrade() -> None:
    """Copy there and back: renaming a table that triggers write to would rewrite the triggers."""
    columns = ", ".join(("day", "model", "scenario_id", "session_id", *_NUMBERS))
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT {columns} FROM usage_aggregates")
    op.drop_table("usage_aggregates")
    op.create_table(
        "usage_aggregates",
        sa.Column("day", _ID, nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("scenario_id", _ID, nullable=False, server_default="0"),
        sa.Column("session_id", _ID, nullable=False),
        *(sa.Column(name, _ID, nullable=False, server_default="0") for name in _NUMBERS),
        sa.PrimaryKeyConstraint("day", "model", "scenario_id", "session_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_aggregates_session", "usage_aggregates", ["session_id"])
    op.execute(f"INSERT INTO usage_aggregates ({columns}) SELECT {columns} FROM kept")
    op.drop_table("kept")
