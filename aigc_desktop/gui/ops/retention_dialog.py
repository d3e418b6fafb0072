"""The rules by which old chats are tidied away, and what would go by them now."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.config.operation_words import moment_text, size_text
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.events import Event, SettingChanged
from aigc_desktop.core.retention import DueSession, RetentionPlan
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.settings.fields import SettingField
from aigc_desktop.gui.widgets.build import button, label, line
from aigc_desktop.gui.widgets.dialogs import bottom_row, close_button

SIZE = (660, 620)
RULES = (config.RETENTION, config.RETENTION_DAYS, config.TRASH_DAYS)
MAX_NAMED = 200


class RetentionDialog(QDialog):
    """Rules above, their effect below; nothing goes before it is run."""

    run_wanted = Signal()

    def __init__(self, bridge: Bridge, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Rules for tidying"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        self._bridge = bridge
        self.fields = {rule.key: SettingField(rule, settings, bridge) for rule in RULES}
        self.preview = QPlainTextEdit()
        self.preview.setReadOnly(True)
        self.preview.setTabChangesFocus(True)
        self.preview.setAccessibleName(tr("What would go now"))
        self.preview.document().setDocumentMargin(10)
        self.run = button(tr("Tidy now"), self._run)
        self._build()
        bridge.arrived.connect(self._on_event)
        self.reload()

    def reload(self) -> None:
        """Ask what would go."""
        self._bridge.call(self, calls.retention.preview, on_done=self._show)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(8)
        layout.addWidget(label(self.windowTitle(), "title"))
        rules = tr(
            "Pinned chats and chats with something typed and not sent are never tidied away. "
            "Files in work directories are never touched."
        )
        layout.addWidget(label(rules, "small", wrap=True))
        for at, field in enumerate(self.fields.values()):
            if at:
                layout.addWidget(line())
            layout.addWidget(field)
        layout.addSpacing(6)
        layout.addWidget(label(tr("What would go now"), "heading"))
        layout.addWidget(self.preview, 1)
        layout.addLayout(bottom_row(close_button(self), left=(self.run,)))

    @Slot(object)
    def _show(self, plan: RetentionPlan) -> None:
        self.preview.setPlainText(plan_text(plan))

    @Slot()
    def _run(self) -> None:
        self.run_wanted.emit()
        self.accept()

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, SettingChanged) and event.key in self.fields:
            self.reload()


def plan_text(plan: RetentionPlan) -> str:
    """Return in words what would go."""
    parts: list[str] = []
    if not plan.enabled:
        parts.append(tr("Chats stay as they are: the rules are off."))
    if plan.to_trash:
        count = len(plan.to_trash)
        head = tr_n("{count} chat to the trash:", "{count} chats to the trash:", count)
        parts.append(_list(head, plan.to_trash))
    if plan.to_delete:
        count = len(plan.to_delete)
        head = tr_n("{count} chat deleted for good:", "{count} chats deleted for good:", count)
        parts.append(_list(head, plan.to_delete))
    if plan.files:
        orphans = tr_n("{count} orphan file", "{count} orphan files", plan.files)
        parts.append(f"{orphans}, {size_text(plan.file_bytes)}")
    if plan.space.worthwhile:
        parts.append(
            tr(
                "{unused} of {size} in the database file are unused and given back.",
                unused=size_text(plan.space.unused),
                size=size_text(plan.space.size),
            )
        )
    if not (plan.to_trash or plan.to_delete or plan.files or plan.space.worthwhile):
        parts.append(tr("There is nothing to tidy away."))
    return "\n\n".join(parts)


def _list(head: str, due: tuple[DueSession, ...]) -> str:
    shown = [
        f"  {one_line(each.title, 70)} · {moment_text(each.since)}" for each in due[:MAX_NAMED]
    ]
    rest = [f"  … {len(due) - MAX_NAMED}"] if len(due) > MAX_NAMED else []
    return "\n".join([head, *shown, *rest])
