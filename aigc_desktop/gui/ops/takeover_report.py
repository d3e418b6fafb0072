"""A take-over's report as cards."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.messages import describe, refusal_text
from aigc_desktop.config.operation_words import moment_text, size_text
from aigc_desktop.core.takeover import FilesReport, TakeOverReport
from aigc_desktop.gui.chat.safe_text import one_line, visible
from aigc_desktop.gui.widgets.build import label
from aigc_desktop.gui.widgets.cards import card

LISTED = 20
"""Files named in a card; the command line names more."""


def report_cards(report: TakeOverReport) -> list[QWidget]:
    """Return what came over, the files, and what did not come, in that order."""
    cards = [_summary(report)]
    if report.files is not None:
        cards.append(_files(report.files))
    if report.left_out:
        heading = label(tr("What did not, or not as it was"), "heading")
        heading.setContentsMargins(0, 8, 0, 0)
        cards.append(heading)
    for left in report.left_out:
        title, remedy = describe(left.code, left.params)
        cards.append(card(one_line(visible(title), 400), (remedy,), ()))
    return cards


def past_card(report: TakeOverReport) -> QWidget:
    """Return one line about an earlier take-over."""
    came = [f"{_kind(each.kind)} {each.came:,}" for each in report.arrived if each.came]
    lines = (one_line(report.source, 200), " · ".join(came))
    return card(moment_text(report.taken_at), lines, ())


def _summary(report: TakeOverReport) -> QWidget:
    title = tr("This would come over") if report.dry else tr("What came over")
    if not report.changed:
        title = tr("Nothing new came over: everything was here already.")
    figures = []
    for each in report.arrived:
        if each.already:
            text = tr("{came} new, {already} already here", came=each.came, already=each.already)
            figures.append(tr("{name}: {value}", name=_kind(each.kind), value=text))
        elif each.came:
            figures.append(tr("{name}: {value}", name=_kind(each.kind), value=f"{each.came:,}"))
    step, _ = describe(f"revision:{report.step}", {})
    figures.append(tr("State of the old database: {step}", step=step))
    if report.user:
        figures.append(tr("Taken as you: {user}", user=one_line(visible(report.user), 80)))
    if report.snapshot:
        figures.append(tr("The state before is kept as {path}.", path=report.snapshot))
    return card(title, figures, ())


def _files(files: FilesReport) -> QWidget:
    title = tr(
        "Files copied: {count} ({size}); already here: {already}",
        count=files.copied,
        size=size_text(files.bytes),
        already=files.already,
    )
    lines = []
    if files.renamed:
        count = len(files.renamed)
        lines.append(tr("Under another name, because another file has it: {count}", count=count))
        lines += [one_line(f"{old} → {new}", 200) for old, new in files.renamed[:LISTED]]
    if files.refused_count:
        lines.append(tr("Refused: {count}", count=files.refused_count))
        lines += [
            one_line(f"{path}: {refusal_text(reason)}", 200)
            for path, reason in files.refused[:LISTED]
        ]
    return card(title, lines, ())


def _kind(kind: str) -> str:
    return describe(f"arrived:{kind}", {})[0]
