"""Figures in words: short for tiles and axes, exact for tables."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from PySide6.QtCore import QDate, QLocale

from aigc_desktop.config.i18n import CHINESE, current_language, tr
from aigc_desktop.core.statistics import By, Figures, Measure, Split

MISSING = "–"


def measure_name(measure: Measure) -> str:
    """Return what a measure is called."""
    return {
        Measure.CHATS: tr("Chats"),
        Measure.REQUESTS: tr("Requests"),
        Measure.MESSAGES: tr("Messages"),
        Measure.TOKENS: tr("Tokens"),
        Measure.COST: tr("Cost"),
        Measure.CACHE: tr("Cache hits"),
        Measure.LATENCY: tr("Answer time"),
        Measure.FIRST_TOKEN: tr("First token"),
        Measure.LIKES: tr("Likes"),
        Measure.DISLIKES: tr("Dislikes"),
    }[measure]


def explain(measure: Measure) -> str:
    """Return what exactly is counted."""
    return {
        Measure.CHATS: tr("Chats in which something was asked, deleted ones too"),
        Measure.REQUESTS: tr("Requests sent, with edited and repeated ones"),
        Measure.MESSAGES: tr("Requests, texts, thoughts, tool calls and their results"),
        Measure.TOKENS: tr("All tokens that passed, from the cache or not"),
        Measure.COST: tr("Of the answers whose model has a price"),
        Measure.CACHE: tr("Share of the tokens sent that came from the cache"),
        Measure.LATENCY: tr("From sending to the end of the answer, on average"),
        Measure.FIRST_TOKEN: tr("Until the answer begins, on average"),
        Measure.LIKES: tr("Liked and disliked answers, on the day of the answer"),
        Measure.DISLIKES: tr("Liked and disliked answers, on the day of the answer"),
    }[measure]


def split_name(split: Split) -> str:
    """Return what figures are told apart by."""
    return {
        Split.NONE: tr("In total"),
        Split.MODEL: tr("By model"),
        Split.SCENARIO: tr("By scenario"),
        Split.SESSION: tr("By chat"),
    }[split]


def unnamed(split: Split, key: str) -> str:
    """Return what a part without a name is called."""
    if split is Split.MODEL:
        return tr("No model")
    if split is Split.SESSION:
        return tr("Deleted chats")
    return tr("Deleted scenario") if key else tr("No scenario")


def short(value: float | None, measure: Measure) -> str:
    """Return a value with two or three digits that matter."""
    if value is None:
        return MISSING
    match measure:
        case Measure.COST:
            return _money(value)
        case Measure.CACHE:
            return f"{value:.0%}"
        case Measure.LATENCY | Measure.FIRST_TOKEN:
            return seconds(value)
        case _:
            return compact(value)


def mark(value: float, greatest: float, measure: Measure) -> str:
    """Return a round value on an axis that ends at `greatest`, all with the same digits."""
    match measure:
        case Measure.COST if greatest < 1000:
            digits = 0 if greatest >= 10 else 2 if greatest >= 0.1 else 4
            return f"${value:,.{digits}f}"
        case Measure.LATENCY | Measure.FIRST_TOKEN if greatest < 100:
            return tr("{seconds} s", seconds=f"{value:g}")
        case _:
            return short(value, measure)


def exact(figures: Figures, measure: Measure) -> str:
    """Return a value as it is."""
    value = figures.value(measure)
    if value is None:
        return MISSING
    match measure:
        case Measure.COST:
            return money(figures.cost_usd)
        case Measure.CACHE:
            return f"{value:.1%}"
        case Measure.LATENCY | Measure.FIRST_TOKEN:
            return seconds(value)
        case _:
            return number(value)


def number(value: float) -> str:
    """Return a whole number with its thousands apart."""
    return f"{round(value):,}"


def money(value: Decimal | None) -> str:
    """Return US dollars, exact to a hundredth of a cent."""
    return MISSING if value is None else f"${value:,.4f}"


def compact(value: float) -> str:
    """Return 1234567 as 1.23M, or as 123万 in Chinese."""
    units = (
        ((1e8, "亿"), (1e4, "万"))
        if current_language() == CHINESE
        else ((1e9, "B"), (1e6, "M"), (1e4, "K"))
    )
    for size, unit in units:
        if abs(value) >= size:
            scaled = value / (1e3 if unit == "K" else size)
            digits = 0 if abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
            text = f"{scaled:.{digits}f}"
            return (text.rstrip("0").rstrip(".") if "." in text else text) + unit
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def seconds(value: float) -> str:
    """Return a duration."""
    if value < 10:
        return tr("{seconds} s", seconds=f"{value:.1f}")
    if value < 100:
        return tr("{seconds} s", seconds=f"{value:.0f}")
    minutes, rest = divmod(round(value), 60)
    return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)


def change(now: float | None, before: float | None) -> str:
    """Return how much more or less it is than before; "" where that says nothing."""
    if now is None or not before:
        return ""
    share = (now - before) / before * 100
    if abs(share) < 0.5:
        return "± 0%"
    sign = "▲" if share > 0 else "▼"
    return f"{sign} {abs(share):,.0f}%" if abs(share) < 1000 else f"{sign} × {now / before:,.0f}"


def axis_date(start: date, by: By) -> str:
    """Return a period's name on an axis."""
    chinese = current_language() == CHINESE
    if by is By.MONTH:
        return _format(start, "yyyy年M月" if chinese else "MMM yyyy")
    return _format(start, "M月d日" if chinese else "d MMM")


def full_date(start: date, by: By) -> str:
    """Return a period's whole name."""
    chinese = current_language() == CHINESE
    if by is By.MONTH:
        return _format(start, "yyyy年M月" if chinese else "MMMM yyyy")
    if by is By.WEEK:
        end = start + timedelta(days=6)
        form = "yyyy年M月d日" if chinese else "d MMM yyyy"
        return f"{_format(start, form)} – {_format(end, form)}"
    return _format(start, "yyyy年M月d日 ddd" if chinese else "ddd, d MMM yyyy")


def _format(day: date, form: str) -> str:
    language = (
        QLocale.Language.Chinese if current_language() == CHINESE else QLocale.Language.English
    )
    return QLocale(language).toString(QDate(day.year, day.month, day.day), form)


def _money(value: float) -> str:
    if value >= 1000:
        return f"${compact(value)}"
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    return f"${value:.3f}" if value >= 0.01 else f"${value:.4f}"
