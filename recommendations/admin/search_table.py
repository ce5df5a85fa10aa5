"""What a search compared, made ready to be shown; what an older version wrote differently is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from recommendations import charts
from recommendations.admin.figures import mapping, number
from recommendations.charts import Comparison, Row
from recommendations.plain_words import describe


@dataclass(frozen=True)
class Tried:
    """The best an algorithm reached on the validation part, and by which settings."""

    algorithm: str
    title: str
    settings: str
    value: str
    seconds: str
    trials: int
    chosen: bool


@dataclass(frozen=True)
class SearchTable:
    """summary: the search in a sentence. left_out: (algorithm, why it has no row)."""

    summary: str
    rows: tuple[Tried, ...]
    left_out: tuple[tuple[str, str], ...]
    chart: SafeString
    moved: str


def search_table(told: Any, *, ident: str) -> SearchTable | None:
    """The table of `TrainingRun.search` or of `chosen_by` in a version's metrics; None without a search."""
    whole = mapping(told)
    found = [row for row in whole.get("table") or () if isinstance(row, Mapping)]
    if not found and not whole.get("left_out"):
        return None
    return SearchTable(
        summary=_summary(whole),
        rows=tuple(_tried(row) for row in found),
        left_out=tuple((str(name), str(why)) for name, why in mapping(whole.get("left_out")).items()),
        chart=_chart(found, str(whole.get("criterion", "")), ident=ident),
        moved=_moved(mapping(whole.get("moved"))),
    )


def _summary(whole: Mapping[str, Any]) -> str:
    seconds = number(whole.get("seconds"))
    parts = [f"{whole.get('trials', 0)} trials"]
    if seconds is not None:
        parts.append(f"in {seconds:.0f} s")
    parts.append(f"by {whole.get('criterion', 'NDCG')}, of {whole.get('shoppers', 0):,} shoppers")
    ended = "; it ended early since ratings waited" if whole.get("cut_short") else ""
    return " ".join(parts) + ended + "."


def _moved(moved: Mapping[str, Any]) -> str:
    value = number(moved.get("value"))
    return f"{moved.get('settings', '')} ({charts.figure(value)})" if moved else ""


def _tried(row: Mapping[str, Any]) -> Tried:
    name = str(row.get("algorithm", ""))
    seconds = number(row.get("fit_seconds"))
    return Tried(
        algorithm=name,
        title=describe(name).title,
        settings=str(row.get("settings", "")),
        value=charts.figure(number(row.get("value"))),
        seconds="–" if seconds is None else f"{seconds:.2f}",
        trials=int(row.get("trials", 0)),
        chosen=bool(row.get("chosen")),
    )


def _chart(found: list[Mapping[str, Any]], criterion: str, *, ident: str) -> SafeString:
    """A bar for every algorithm, the chosen one first."""
    ordered = sorted(found, key=lambda row: not row.get("chosen"))
    label = criterion.split(" ")[0].upper()
    row = Row(label, tuple(number(each.get("value")) for each in ordered))
    names = tuple(str(row.get("algorithm", "")) for row in ordered)
    return charts.bar_chart(Comparison("What the search compared", names, (row,)), ident=ident)
