"""Scenarios at the window: the chip, switching, pinning, the manager, prompts, instructions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.gui.scenarios.scenarios_page import ScenariosPage
from tests.gui.conftest import Desk


def manager(desk: Desk) -> ScenariosPage:
    """Open the scenario manager with its keys."""
    control_shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    desk.press(Qt.Key.Key_S, control_shift)
    page = desk.workspace.scenarios_page
    desk.until(lambda: page.isVisible() and page.manager.list.count() > 5)
    return page


def menu_texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def chip_menu(desk: Desk) -> QMenu:
    desk.click_in_transcript("scenario")
    requests = desk.workspace.chat._requests
    desk.until(lambda: getattr(requests, "scenario_menu", None) is not None)
    return requests.scenario_menu


def send(desk: Desk, text: str) -> None:
    desk.ask(text)
    desk.until(lambda: _last(desk).match is not None)


def chip(desk: Desk) -> str:
    """Return what the last visible chip says."""
    view = desk.workspace.chat.transcript
    view.flush_now()
    found = [place.scene.button("scenario") for place in view.stage.placed]
    return next((button.label for button in reversed(found) if button is not None), "")


def test_the_chip_says_which_and_why_and_switches(desk: Desk) -> None:
    desk.settings.set(config.WHEN_UNSURE, "best")
    send(desk, "hello")
    match = _last(desk).match
    assert match is not None
    desk.until(lambda: chip(desk).startswith(match.ranked[0].name))
    menu = chip_menu(desk)
    desk.until(lambda: len(menu.all.actions()) > 5)
    texts = menu_texts(menu)
    assert any("fits" in text or "not sure" in text or "nothing" in text for text in texts)
    assert "Keep this chat in this scenario" in texts
    translation = next(a for a in menu.all.actions() if "Translation" in a.text())
    translation.trigger()
    menu.close()
    desk.until(lambda: len(desk.workspace.chat.state.turns) == 1 and _last(desk).siblings[1:])
    desk.until(lambda: chip(desk).startswith("Translation"))
    page = manager(desk)
    page.nav.setCurrentRow(3)
    desk.until(lambda: "hello" in desk.everything_said())


def _last(desk: Desk) -> Any:
    return list(desk.workspace.chat.state.turns.values())[-1]


def test_the_configuration_of_an_answer_can_be_opened(desk: Desk) -> None:
    desk.settings.set(config.WHEN_UNSURE, "best")
    send(desk, "hello")
    desk.until_idle()
    menu = chip_menu(desk)
    next(a for a in menu.actions() if a.text() == "Show the configuration…").trigger()
    desk.until(lambda: desk.window.findChild(object, "configDialog") is not None)
    dialog = desk.window.findChild(object, "configDialog")
    assert "You are the agent of AIGC Desktop" in dialog.prompt.toPlainText()
    origins = [dialog.table.item(row, 2).text() for row in range(dialog.table.rowCount())]
    assert "The program" in origins
    dialog.close()


def test_a_chat_can_be_kept_in_a_scenario(desk: Desk) -> None:
    desk.settings.set(config.WHEN_UNSURE, "best")
    send(desk, "hello")
    header = desk.workspace.chat.header
    menu = header.scenario_button.menu()
    desk.until(lambda: any("Translation" in text for text in menu_texts(menu)))
    next(a for a in menu.actions() if "Translation" in a.text()).trigger()
    desk.until(lambda: "Translation" in header.scenario_button.text())
    desk.workspace.chat.stop()
    desk.until_idle()
    send(desk, "write some python")
    match = _last(desk).match
    assert match is not None
    assert match.ranked[0].name == "Translation"


def test_a_scenario_is_made_edited_and_found(desk: Desk) -> None:
    page = manager(desk)
    desk.click("New scenario")
    form = page.manager.form
    QTest.keyClicks(form.name, "Poems")
    form.examples.setPlainText("a poem about rain\nwrite me a sonnet")
    desk.click("Save")
    desk.until(lambda: page.manager.current is not None and page.manager.current.name == "Poems")
    QTest.keyClicks(page.manager.search, "poems")
    desk.until(lambda: page.manager.list.count() == 1)
    form.name.clear()
    desk.until(lambda: "This must not be empty." in desk.everything_said())
    desk.click("Save")
    desk.until(lambda: form.is_edited)
    QTest.keyClicks(form.name, "Verses")
    desk.click("Save")
    desk.until(lambda: page.manager.current is not None and page.manager.current.version == 2)
    desk.click("Versions…")
    dialog = page.manager.versions_dialog
    desk.until(lambda: dialog.list.count() == 2)
    assert "Poems" in dialog.differences.toPlainText()
    dialog.close()


def test_edits_are_not_lost_by_a_click_elsewhere(desk: Desk) -> None:
    page = manager(desk)
    form = page.manager.form
    QTest.keyClicks(form.tags, ", typed")
    first = page.manager.list.currentRow()
    page.manager.list.setCurrentRow(first + 1)
    desk.until(lambda: "Leave without saving?" in desk.everything_said())
    page.manager.question.reject()
    assert form.tags.text().endswith(", typed")
    assert page.manager.list.currentRow() == first


def test_a_request_can_be_tried(desk: Desk) -> None:
    page = manager(desk)
    page.manager.tabs.setCurrentIndex(1)
    QTest.keyClicks(page.manager.trial.request, "fix this python traceback")
    desk.until(lambda: "Code" in page.manager.trial.outcome.text())
    assert "You are the agent" in page.manager.trial.prompt.toPlainText()


def test_scenarios_go_out_and_come_in(desk: Desk, paths: Paths, tmp_path: Path) -> None:
    page = manager(desk)
    file = tmp_path / "s.json"
    page.manager.export(str(file))
    desk.until(file.exists)
    page.manager.look_at_import(str(file))
    desk.until(lambda: getattr(page.manager, "import_dialog", None) is not None)
    page.manager.import_dialog.close()
    bad = tmp_path / "bad.json"
    bad.write_text("[" * 50_000)
    page.manager.look_at_import(str(bad))
    desk.until(lambda: "This is not a file of scenarios" in desk.everything_said())


def test_prompts_with_variables_go_to_the_composer(desk: Desk) -> None:
    page = manager(desk)
    page.nav.setCurrentRow(1)
    desk.until(lambda: page.prompts.list.count() > 3)
    before = page.prompts.list.count()
    QTest.keyClicks(page.prompts.name, "Poet")
    page.prompts.content.setPlainText("Write about {{topic}}")
    desk.until(lambda: "topic" in page.prompts.variables)
    desk.click("Save")
    desk.until(lambda: page.prompts.list.count() == before + 1)
    QTest.keyClicks(page.prompts.variables["topic"], "rain")
    desk.click("Use in the chat")
    desk.until(lambda: desk.workspace.chat.composer.text() == "Write about rain")


def test_my_selection_is_kept(desk: Desk) -> None:
    page = manager(desk)
    page.nav.setCurrentRow(2)
    pane = page.available
    desk.until(lambda: pane.list.count() > 5)
    pane.list.item(1).setCheckState(Qt.CheckState.Checked)
    pane.prompt.setPlainText("Be brief.")
    desk.until(lambda: pane.saved.text() == "Saved")
    page.nav.setCurrentRow(0)
    page.nav.setCurrentRow(2)
    desk.until(lambda: pane.list.item(1).checkState() is Qt.CheckState.Checked)
    assert pane.prompt.toPlainText() == "Be brief."
