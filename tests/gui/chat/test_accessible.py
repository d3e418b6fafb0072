from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from aigc_desktop.gui.chat.transcript_view import TranscriptView
from tests.gui.chat import sample


def test_rows_are_items_of_a_list(view: TranscriptView) -> None:
    view.show_snapshot(sample.rich())
    found = QAccessible.queryAccessibleInterface(view)
    assert found.role() == QAccessible.Role.List
    assert found.text(QAccessible.Text.Name) == "Conversation"
    assert found.childCount() == len(view.rows)
    names = [found.child(at).text(QAccessible.Text.Name) for at in range(found.childCount())]
    assert names[0] == "You: Summarise the reports in this folder, please."
    assert names[1] == "Thought for 3 seconds"
    assert names[2] == "Read file: reports/sales-2026.csv. Done"
    assert names[4].startswith("Assistant: ## What I found")
    assert any(name.startswith("The model is overloaded") for name in names)
    child = found.child(found.childCount() - 1)
    assert child.role() == QAccessible.Role.ListItem
    assert child.parent() is found
    assert found.indexOfChild(child) == found.childCount() - 1
    assert child.rect().height() > 0
    view.clear()
    assert found.childCount() == 0
    assert child.text(QAccessible.Text.Name) == ""


def test_tab_goes_through_the_buttons_and_then_on(view: TranscriptView) -> None:
    view.show_snapshot(sample.simple("a\n\n```py\nx\n```"))
    said: list[str] = []
    view.announced.connect(said.append)
    seen = []
    for _ in range(10):
        QTest.keyClick(view, Qt.Key.Key_Tab)
        if view.focused is None:
            break
        seen.append(view.focused[1])
    feedback = ["like", "dislike", "correct", "why"]
    assert seen == ["copy:1", "copy:turn", *feedback, "regenerate", "edit"]
    assert said[:2] == ["Copy code", "Copy the answer"]
    assert said[-2:] == ["Answer anew", "Edit the question"]
    assert len(said) == len(seen)
    QTest.keyClick(view, Qt.Key.Key_Backtab)
    assert view.focused is not None
    assert view.focused[1] == "edit"


def test_the_focus_is_seen(view: TranscriptView) -> None:
    view.show_snapshot(sample.simple("```py\nx\n```"))
    before = view.viewport().grab().toImage()
    QTest.keyClick(view, Qt.Key.Key_Tab)
    assert view.viewport().grab().toImage() != before
