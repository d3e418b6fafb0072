"""What each turn counts for, summed per day, chat, model and scenario; time to the first token.

The tables are filled and kept by triggers, which `store.migration` makes once all revisions have
run: they are derived from the other tables, and are made anew whenever they are not as they
should be.
"""

import sqlalchemy as sa
from alembic import op

revision = "usage_aggregates"
down_revision = "operations"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEYS = ("day", "session_id", "model", "scenario_id")
_SUMS = (
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
    op.add_column("turns", sa.Column("first_token_ms", _ID))
    op.create_table(
        "turn_facts",
        sa.Column("turn_id", _ID, primary_key=True, autoincrement=False),
        *_keys(),
        *_numbers(*_SUMS),
    )
    op.create_table(
        "usage_aggregates",
        *_keys(),
        *_numbers("turns", *_SUMS),
        sa.PrimaryKeyConstraint(*_KEYS),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_aggregates_session", "usage_aggregates", ["session_id"])


def _keys() -> list[sa.Column]:
    return [
        sa.Column("day", _ID, nullable=False),
        sa.Column("session_id", _ID, nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("scenario_id", _ID, nullable=False, server_default="0"),
    ]


def _numbers(*names: str) -> list[sa.Column]:
    return [sa.Column(name, _ID, nullable=False, server_default="0") for name in names]
