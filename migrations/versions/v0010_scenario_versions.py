"""Scenarios get versions, a trash and labelled requests; turns remember how they were matched."""

import sqlalchemy as sa
from alembic import op

revision = "scenario_versions"
down_revision = "permission_rules"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(name: str, target: str, ondelete: str = "CASCADE", **options: object) -> sa.Column:
    return sa.Column(name, _ID, sa.ForeignKey(target, ondelete=ondelete), **options)


def upgrade() -> None:
    op.add_column(
        "business_scenarios", sa.Column("version", sa.Integer, nullable=False, server_default="1")
    )
    op.add_column("business_scenarios", sa.Column("builtin", sa.String(50)))
    op.add_column(
        "business_scenarios",
        sa.Column("follows_builtin", sa.Boolean, nullable=False, server_default="0"),
    )
    op.add_column("business_scenarios", sa.Column("trashed_at", _ID))
    op.add_column(
        "business_scenarios", sa.Column("changed_at", _ID, nullable=False, server_default="0")
    )
    op.add_column("session_scenario_configs", sa.Column("pinned_scenario_id", sa.Integer))
    op.add_column("permission_rules", sa.Column("scenario_id", sa.Integer))
    op.create_table(
        "scenario_versions",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        _key("scenario_id", "business_scenarios.id", nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("bundle", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", _ID, nullable=False),
        sa.UniqueConstraint("scenario_id", "version", name="uq_scenario_versions"),
    )
    op.create_table(
        "scenario_labels",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("text", sa.Text, nullable=False),
        _key("scenario_id", "business_scenarios.id"),
        _key("was_id", "business_scenarios.id", "SET NULL"),
        _key("turn_id", "turns.id", "SET NULL"),
        sa.Column("created_at", _ID, nullable=False),
    )
    op.create_index("ix_scenario_labels_scenario", "scenario_labels", ["scenario_id"])
    op.create_table(
        "turn_matches",
        _key("turn_id", "turns.id", primary_key=True),
        sa.Column("scenario_id", sa.Integer),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("decision", sa.JSON, nullable=False),
        sa.Column("corrected", sa.Boolean, nullable=False, server_default="0"),
    )
    op.create_index("ix_turn_matches_scenario", "turn_matches", ["scenario_id", "version"])
