"""Which scenarios a user and a session may use, each with a custom prompt."""

import sqlalchemy as sa
from alembic import op

revision = "add_user_scenario_config_table"
down_revision = "add_scenario_is_default_field"


def upgrade() -> None:
    op.create_table(
        "user_scenario_configs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Integer, nullable=False, unique=True),
        sa.Column("scenario_ids", sa.Text),
        sa.Column("user_custom_prompt", sa.Text),
    )
    op.create_table(
        "session_scenario_configs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("session_id", sa.String(36), nullable=False, unique=True),
        sa.Column("scenario_ids", sa.Text),
        sa.Column("session_custom_prompt", sa.Text),
    )
