"""What each turn counts for, summed per day, chat, model and scenario; time to the first token.

The sums are kept by triggers (`store.aggregates`). A later migration that rebuilds `turns`,
`messages`, `turn_matches`, `user_feedback` or `sessions` in batch mode loses them: the program
finds that at its next start and counts anew.
"""

import sqlalchemy as sa
from alembic import op

from aigc_desktop.store import aggregates

revision = "usage_aggregates"
down_revision = "operations"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("turns")}
    if "first_token_ms" not in columns:  # `desktop_turn_tree` makes `turns` as it is today
        op.add_column("turns", sa.Column("first_token_ms", _ID))
    op.create_table(
        "turn_facts",
        sa.Column("turn_id", _ID, primary_key=True, autoincrement=False),
        *_keys(),
        *_sums(),
    )
    op.create_table(
        "usage_aggregates",
        *_keys(),
        sa.Column("turns", _ID, nullable=False, server_default="0"),
        *_sums(),
        sa.PrimaryKeyConstraint(*aggregates.KEYS),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_aggregates_session", "usage_aggregates", ["session_id"])
    aggregates.install(op.get_bind())


def _keys() -> list[sa.Column]:
    return [
        sa.Column("day", _ID, nullable=False),
        sa.Column("session_id", _ID, nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("scenario_id", _ID, nullable=False, server_default="0"),
    ]


def _sums() -> list[sa.Column]:
    return [sa.Column(n, _ID, nullable=False, server_default="0") for n in aggregates.SUMS]
