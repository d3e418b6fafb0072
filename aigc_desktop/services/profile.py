"""`user_preferences_cache` and `session_preferences`: what is known of a user, in plain words.

Other programs that share the database read these; the prompt is made from the lessons.
"""

from __future__ import annotations

from typing import Any

from aigc_desktop.core.learning import FeedbackKind, Lesson, LessonKind, LessonState, Scope
from aigc_desktop.store import behavior
from aigc_desktop.store import feedback as feedback_rows
from aigc_desktop.store import lessons as lesson_rows
from aigc_desktop.store.store import Db

MOST = 5
"""Scenarios and kinds of question that are named."""

CORRECTIONS = 20

_STYLE = frozenset({LessonKind.STYLE, LessonKind.TONE, LessonKind.LENGTH, LessonKind.FORMAT})


def keep(db: Db, user_id: int, session_id: int | None, summary_hash: str) -> None:
    """Write down what is known, and the hash of the feedback that it was learned from."""
    active = lesson_rows.of_user(db, user_id, [LessonState.ACTIVE])
    if session_id is None:
        behavior.count_all(db, user_id)
        behavior.set_user_cache(db, user_id, summary_hash, _of_user(db, user_id, active))
    else:
        own = [each for each in active if each.target.session_id == session_id]
        behavior.set_session_cache(db, session_id, summary_hash, _of_session(db, session_id, own))


def _of_user(db: Db, user_id: int, active: list[Lesson]) -> dict[str, Any]:
    stats = behavior.of_user(db, user_id)
    wide = [each for each in active if each.target.scope is not Scope.SESSION]
    return {
        "preferred_style": "; ".join(each.line for each in wide if each.kind in _STYLE),
        "preferred_scenarios": _most(stats.get("scenario_usage")),
        "common_question_types": _most(stats.get("question_types")),
        "learned_rules": [each.line for each in wide],
        "work_pattern": {
            "sessions": stats.get("total_sessions", 0),
            "messages": stats.get("total_messages", 0),
            "feedback": stats.get("total_feedback", 0),
        },
    }


def _of_session(db: Db, session_id: int, own: list[Lesson]) -> dict[str, Any]:
    newest = feedback_rows.of_session(db, session_id, CORRECTIONS)
    totals = feedback_rows.totals(db, session_id=session_id)
    faults = sorted({each.fault.value for each in newest if each.fault is not None})
    return {
        "corrections": [
            {"turn_id": each.turn_id, "typed": each.typed}
            for each in newest
            if each.kind is FeedbackKind.CORRECT
        ],
        "context_preferences": [each.line for each in own],
        "feedback_summary": ", ".join(faults),
        "feedback_stats": totals,
    }


def _most(counts: Any) -> list[str]:
    if not isinstance(counts, dict):
        return []
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [name for name, _ in ranked[:MOST]]
