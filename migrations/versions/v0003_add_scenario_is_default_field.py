"""One scenario may be the default, which answers when nothing else fits."""

import sqlalchemy as sa
from alembic import op

revision = "add_scenario_is_default_field"
down_revision = "add_scenario_meta_fields"


def upgrade() -> None:
    op.add_column(
        "business_scenarios",
        sa.Column("is_default", sa.Boolean, nullable=False, server_default="0"),
    )
