"""Scenarios, prompts and skills are known by their integer key alone.

What referred to a string id (single values and JSON arrays) refers to the key afterwards. Entries
that are integers already stay; entries that name nothing are dropped.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "migrate_string_ids_to_integer"
down_revision = "add_user_scenario_config_table"

_STRING_IDS = (
    ("business_scenarios", "scenario_id"),
    ("system_prompts", "prompt_id"),
    ("skills", "skill_id"),
)
_REFERENCES = (
    ("user_configs", "associated_scenario_id"),
    ("conversation_turn_configs", "scenario_id"),
)
_LISTS = ("user_scenario_configs", "session_scenario_configs")


def upgrade() -> None:
    db = op.get_bind()
    keys = {
        name: key
        for key, name in db.execute(sa.text("SELECT id, scenario_id FROM business_scenarios"))
    }
    known = set(keys.values())
    _make_key_table(db)
    for table, column in _REFERENCES:
        _rewrite_single(db, table, column)
    for table in _LISTS:
        _rewrite_lists(db, table, keys, known)
    op.drop_table("scenario_keys")
    for table, column in _STRING_IDS:
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)


def _make_key_table(db: sa.Connection) -> None:
    """Every name that a scenario may be called by: its string id, else its key."""
    op.create_table(
        "scenario_keys",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("id", sa.Integer, nullable=False),
    )
    db.execute(
        sa.text(
            "INSERT INTO scenario_keys (name, id) SELECT scenario_id, id FROM business_scenarios"
        )
    )
    db.execute(
        sa.text(
            "INSERT INTO scenario_keys (name, id) SELECT CAST(s.id AS VARCHAR(20)), s.id "
            "FROM business_scenarios s WHERE NOT EXISTS (SELECT 1 FROM scenario_keys k "
            "WHERE k.name = CAST(s.id AS VARCHAR(20)))"
        )
    )


def _rewrite_single(db: sa.Connection, table: str, column: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column("scenario_key", sa.Integer))
    db.execute(
        sa.text(
            f"UPDATE {table} SET scenario_key = (SELECT k.id FROM scenario_keys k "
            f"WHERE k.name = {table}.{column}) WHERE {column} IS NOT NULL"
        )
    )
    with op.batch_alter_table(table) as batch:
        batch.drop_column(column)
        batch.alter_column("scenario_key", new_column_name=column)


def _rewrite_lists(db: sa.Connection, table: str, keys: dict[str, int], known: set[int]) -> None:
    rows = db.execute(sa.text(f"SELECT id, scenario_ids FROM {table}")).all()
    for row_id, text in rows:
        ids = [key for key in (_key(entry, keys, known) for entry in _entries(text)) if key]
        db.execute(
            sa.text(f"UPDATE {table} SET scenario_ids = :ids WHERE id = :id"),
            {"ids": json.dumps(list(dict.fromkeys(ids))), "id": row_id},
        )


def _entries(text: str | None) -> list[object]:
    value: object = text
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return value if isinstance(value, list) else []


def _key(entry: object, keys: dict[str, int], known: set[int]) -> int | None:
    if isinstance(entry, str) and entry in keys:
        return keys[entry]
    try:
        number = int(str(entry))
    except ValueError:
        return None
    return number if number in known else None
