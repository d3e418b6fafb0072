"""Where the database stands, what each revision does, and the way back to before an upgrade."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.config.messages import describe
from aigc_desktop.config.operation_words import duration_text, moment_text, size_text
from aigc_desktop.core.diagnostics import State
from aigc_desktop.core.migration import MigrationStatus, Revision, Snapshot, SnapshotKind
from aigc_desktop.gui import calls, icons
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.ops.check_row import BADGES, badge
from aigc_desktop.gui.ops.operations_page import OperationsPage
from aigc_desktop.gui.widgets.ask import ask
from aigc_desktop.gui.widgets.build import label
from aigc_desktop.gui.widgets.cards import CardList, Do, card


class MigrationsPane(QWidget):
    """The state above; below it copies to return to, then the revisions, the newest first."""

    def __init__(self, page: OperationsPage) -> None:
        super().__init__(page)
        self._bridge = page.bridge
        self._page = page
        self._badge = badge(28)
        self.state = label("", "title", wrap=True)
        self.detail = label("", "muted", wrap=True)
        self.list = CardList("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._head())
        layout.addWidget(self.list, 1)

    def _head(self) -> QFrame:
        head = QFrame()
        head.setProperty("role", "panel")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.state)
        words.addWidget(self.detail)
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 12, 14, 12)
        row.setSpacing(10)
        row.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        return head

    def reload(self) -> None:
        """Ask where the database stands."""
        self._bridge.call(self, calls.migrations.get_status, on_done=self._show)

    @Slot(object)
    def _show(self, status: MigrationStatus) -> None:
        pending = len(status.pending)
        self.state.setText(
            tr_n("{count} revision is pending.", "{count} revisions are pending.", pending)
            if pending
            else tr("The database is up to date.")
        )
        icons.bind(self._badge, *BADGES[State.WARNING if pending else State.OK])
        title, _ = describe(f"revision:{status.revision}", {})
        where = tr(
            "It is at “{title}”, {size}. It is brought up to date by itself when the program "
            "starts, behind a backup and a verified copy.",
            title=title,
            size=size_text(status.size),
        )
        self.detail.setText(where)
        cards: list[QWidget] = [_heading(tr("Copies to return to"))]
        cards += [self._snapshot(snapshot) for snapshot in status.snapshots]
        if not status.snapshots:
            cards.append(
                label(
                    tr("None yet. One is taken before each upgrade and before each take-over."),
                    "muted",
                    wrap=True,
                )
            )
        cards.append(_heading(tr("Revisions")))
        cards += [_revision(revision) for revision in reversed(status.revisions)]
        self.list.show_cards(cards)

    def _snapshot(self, snapshot: Snapshot) -> QWidget:
        when = moment_text(snapshot.taken_at)
        titles = {
            SnapshotKind.UPGRADE: tr("Before the upgrade of {time}", time=when),
            SnapshotKind.TAKE_OVER: tr("Before the take-over of {time}", time=when),
            SnapshotKind.ASIDE: tr("Put aside when you went back, {time}", time=when),
        }
        buttons: list[Do] = []
        words = tr("It can't be read.")
        if snapshot.revision is not None:
            words, _ = describe(f"revision:{snapshot.revision}", {})
            go = partial(self._ask, snapshot, titles[snapshot.kind])
            name = tr("Return to this version: {name}", name=titles[snapshot.kind])
            buttons.append((tr("Return to this version…"), name, go))
        line = f"{words} · {size_text(snapshot.size)} · {one_line(snapshot.path, 200)}"
        return card(titles[snapshot.kind], (line,), buttons)

    def _ask(self, snapshot: Snapshot, name: str) -> None:
        self.question = ask(
            self.window(),
            tr("Return to this version?"),
            tr(
                "{name}. What came in since then will not be shown; the present database is kept "
                "beside it, so that you can return to it as well. What is running is stopped.",
                name=name,
            ),
            tr("Return"),
            lambda: self._page.return_wanted.emit(snapshot.path),
        )


def _heading(text: str) -> QWidget:
    made = label(text, "heading")
    made.setContentsMargins(0, 10, 0, 2)
    return made


def _revision(revision: Revision) -> QWidget:
    title, words = describe(f"revision:{revision.name}", {})
    if not revision.applied:
        when = tr("pending")
    elif revision.applied_at is None:
        when = tr("applied")
    else:
        took = duration_text(revision.duration_ms or 0)
        when = f"{moment_text(revision.applied_at)} · {took}"
    mark = "✓" if revision.applied else "○"
    return card(f"{mark}  {title}", (words, f"{when} · {revision.name}"), ())
