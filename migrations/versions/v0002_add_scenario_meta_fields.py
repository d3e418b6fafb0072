"""Scenarios get a category and meta (tags, capabilities, keywords)."""

import sqlalchemy as sa
from alembic import op

revision = "add_scenario_meta_fields"
down_revision = "init_database"


def upgrade() -> None:
    op.add_column("business_scenarios", sa.Column("category", sa.String(100)))
    op.add_column("business_scenarios", sa.Column("meta", sa.JSON))
    op.create_index("ix_business_scenarios_category", "business_scenarios", ["category"])
