"""What the statistics pane's plot shows for a measure and a split. Pure: no widgets."""

from __future__ import annotations

from collections.abc import Callable

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.statistics import AVERAGES, By, Figures, Measure, Part, Series, Split
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.ops import figures_text as text
from aigc_desktop.gui.ops.plot_picture import Line, Picture

OTHERS = -1
Take = Callable[[Figures], float | None]


def picture(series: Series, measure: Measure) -> Picture:
    """Return the picture of one measure."""
    split = series.split is not Split.NONE
    lines = _split_lines(series, measure) if split else _total_lines(series, measure)
    stacked = measure not in AVERAGES
    empty = "" if any(any(line.values) for line in lines) else tr("Nothing in this time.")
    summable = stacked and measure not in (Measure.LIKES, Measure.CHATS)
    return Picture(
        title=_title(measure, series.by),
        labels=tuple(text.axis_date(start, series.by) for start in series.periods),
        long_labels=tuple(text.full_date(start, series.by) for start in series.periods),
        lines=lines,
        stacked=stacked,
        whole=stacked and measure is not Measure.COST,
        text=lambda value: text.short(value, measure),
        mark=lambda value, greatest: text.mark(value, greatest, measure),
        total=tuple(text.short(f.value(measure), measure) for f in series.totals)
        if summable or (measure is Measure.CHATS and split)
        else (),
        empty=empty,
    )


def part_name(series: Series, part: Part | None) -> str:
    """Return what a part is called; None: all others."""
    if part is None:
        return tr("Others")
    return one_line(part.name, 60) or text.unnamed(series.split, part.key)


def _total_lines(series: Series, measure: Measure) -> tuple[Line, ...]:
    take: tuple[tuple[str, int, Take], ...]
    match measure:
        case Measure.TOKENS:
            take = (
                (tr("Tokens in"), 0, lambda f: f.input_tokens),
                (tr("Tokens out"), 1, lambda f: f.output_tokens),
                (tr("From cache"), 2, lambda f: f.cache_read_tokens),
                (tr("Into cache"), 4, lambda f: f.cache_write_tokens),
            )
        case Measure.LIKES | Measure.DISLIKES:
            take = (
                (tr("Likes"), 0, lambda f: f.likes),
                (tr("Dislikes"), 3, lambda f: -f.dislikes),
            )
        case Measure.LATENCY | Measure.FIRST_TOKEN:
            take = (
                (tr("To the end of the answer"), 0, lambda f: f.value(Measure.LATENCY)),
                (tr("To the first token"), 1, lambda f: f.value(Measure.FIRST_TOKEN)),
            )
        case _:
            take = ((text.measure_name(measure), 0, lambda f: f.value(measure)),)
    return tuple(Line(name, tuple(map(of, series.totals)), color) for name, color, of in take)


def _split_lines(series: Series, measure: Measure) -> tuple[Line, ...]:
    """Return a line per part that has something; its colour does not depend on the measure."""
    places = sorted(part.key for part, _ in series.lines if part is not None)
    lines: list[Line] = []
    for part, figures in series.lines:
        name = part_name(series, part)
        color = OTHERS if part is None else places.index(part.key)
        lines.append(Line(name, tuple(f.value(measure) for f in figures), color))
        if measure is Measure.LIKES:
            down = tuple(-float(f.dislikes) for f in figures)
            lines.append(Line(f"{name} ({tr('Dislikes')})", down, color))
    return tuple(line for line in lines if any(line.values))


def _title(measure: Measure, by: By) -> str:
    name = tr("Feedback") if measure is Measure.LIKES else text.measure_name(measure)
    match by:
        case By.DAY:
            return tr("{what} per day", what=name)
        case By.WEEK:
            return tr("{what} per week", what=name)
        case By.MONTH:
            return tr("{what} per month", what=name)
