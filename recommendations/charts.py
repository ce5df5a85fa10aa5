"""A comparison of figures, drawn as an SVG bar chart and written as the table behind it. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, LABELS, BARS = 360, 96, 200
HEADING, BAR, GAP = 22, 14, 4


@dataclass(frozen=True)
class Row:
    """One measure: a value per column, None where it could not be measured.

    drawn: whether it has bars in the chart, which start at zero and are longer the better. bounds: the
    interval of each value, None where it has none; empty for none at all.
    """

    label: str
    values: tuple[float | None, ...]
    note: str = ""
    lower_is_better: bool = False
    drawn: bool = True
    bounds: tuple[tuple[float, float] | None, ...] = ()

    def interval(self, place: int) -> tuple[float, float] | None:
        """The interval of the value at a place."""
        return self.bounds[place] if place < len(self.bounds) else None

    @property
    def best(self) -> float | None:
        """The best value; None when there are fewer than two to compare."""
        known = [value for value in self.values if value is not None]
        if len(known) < 2:
            return None
        return min(known) if self.lower_is_better else max(known)


@dataclass(frozen=True)
class Comparison:
    """Measures of several things side by side. The first column is the thing the page is about."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def description(self) -> str:
        """The drawn figures in one sentence, for those who do not see the picture."""
        parts = []
        for row in self._drawn():
            values = zip(self.columns, row.values, strict=True)
            told = ", ".join(f"{name} {figure(value)}" for name, value in values if value is not None)
            parts.append(f"{row.label}: {told}")
        return "; ".join(parts) + "." if parts else "Nothing could be measured."

    def _drawn(self) -> list[Row]:
        return [row for row in self.rows if row.drawn and any(value is not None for value in row.values)]


def figure(value: float | None) -> str:
    """A measured value in four places; a dash for what could not be measured."""
    return "–" if value is None else f"{value:.4f}"


def bar_chart(comparison: Comparison, *, ident: str) -> SafeString:
    """Groups of horizontal bars, one group a measure; each group on a scale of its own from zero.

    Colours come from the style sheet by class, so that they follow the page into the dark.
    """
    parts, y = [], 0
    for row in comparison._drawn():
        group, y = _group(comparison.columns, row, y)
        parts.append(group)
    if not parts:
        return SafeString("")
    return format_html(
        '<svg class="bar-chart" viewBox="0 0 {width} {height}" role="img"'
        ' aria-labelledby="{ident}-title {ident}-desc" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{ident}-title">{title}</title><desc id="{ident}-desc">{description}</desc>{body}</svg>',
        width=WIDTH, height=y, ident=ident, title=comparison.title,
        description=comparison.description, body=SafeString("".join(parts)),
    )  # fmt: skip


def table(comparison: Comparison) -> SafeString:
    """All measures with all values; the best of each is marked."""
    head = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in comparison.columns))
    body = SafeString("").join(_table_row(row) for row in comparison.rows)
    return format_html(
        '<table class="figures"><caption>{}</caption><thead><tr><td></td>{}</tr></thead>'
        "<tbody>{}</tbody></table>",
        comparison.title, head, SafeString(body),
    )  # fmt: skip


def _group(columns: tuple[str, ...], row: Row, y: int) -> tuple[SafeString, int]:
    """One measure's heading and bars, and where the next group starts."""
    parts = [format_html('<text class="heading" x="0" y="{}">{}</text>', y + HEADING - 7, row.label)]
    y += HEADING
    tops = [value for value in row.values if value is not None]
    tops += [bounds[1] for bounds in row.bounds if bounds is not None]
    longest = max(map(abs, tops)) or 1.0
    for place, (name, value) in enumerate(zip(columns, row.values, strict=True)):
        if value is None:
            continue
        length = round(BARS * max(value, 0.0) / longest, 1)
        bounds = row.interval(place)
        end = max(length, round(BARS * bounds[1] / longest, 1)) if bounds else length
        parts.append(
            format_html(
                '<text class="name" x="{}" y="{}">{}</text>'
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>'
                '<text class="value" x="{}" y="{}">{}</text>',
                LABELS - 6,
                y + BAR - 3,
                name,
                "own" if place == 0 else "other",
                LABELS,
                y,
                length,
                BAR,
                LABELS + end + 5,
                y + BAR - 3,
                figure(value),
            )
        )
        if bounds:
            low, high = (LABELS + BARS * max(each, 0.0) / longest for each in bounds)
            parts.append(_whisker(low, high, y))
        y += BAR + GAP
    return SafeString("".join(parts)), y + GAP


def _whisker(low: float, high: float, y: int) -> SafeString:
    """The interval, drawn over the end of its bar."""
    middle, cap = y + BAR / 2, 3
    return format_html(
        '<path class="whisker" d="M{low} {middle}H{high}M{low} {top}v{span}M{high} {top}v{span}"/>',
        low=round(low, 1), high=round(high, 1), middle=middle, top=middle - cap, span=2 * cap,
    )  # fmt: skip


def _table_row(row: Row) -> SafeString:
    note = format_html(' <span class="quiet">{}</span>', row.note) if row.note else ""
    cells = format_html_join("", "<td{}>{}{}</td>", (_cell(row, place) for place in range(len(row.values))))
    return format_html('<tr><th scope="row">{}{}</th>{}</tr>', row.label, note, cells)


def _cell(row: Row, place: int) -> tuple[SafeString, SafeString | str, SafeString | str]:
    value, bounds = row.values[place], row.interval(place)
    within = format_html(' <span class="quiet">{} to {}</span>', *map(figure, bounds)) if bounds else ""
    if value is None or value != row.best:
        return SafeString(""), figure(value), within
    best = format_html('{}<span class="visually-hidden"> best</span>', figure(value))
    return SafeString(' class="best"'), best, within
