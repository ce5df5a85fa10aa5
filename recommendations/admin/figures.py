"""What `ModelVersion.metrics` says, made ready to be shown; missing and unmeasured figures are ordinary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommendations.charts import Comparison, Row

BASELINE_NAMES = {"popularity": "Popularity", "item_knn": "Item-kNN"}
DEFAULT_K = 10


@dataclass(frozen=True)
class Measure:
    """name: the key in the metrics, with {k} for the length of the lists."""

    name: str
    label: str
    note: str
    lower_is_better: bool = False


MEASURES = (
    Measure("ndcg@{k}", "NDCG@{k}", "liked products near the top"),
    Measure("recall@{k}", "Recall@{k}", "liked products found"),
    Measure("hit_rate@{k}", "Hit rate@{k}", "shoppers with a hit"),
    Measure("mrr@{k}", "MRR@{k}", "place of the first hit"),
    Measure("coverage@{k}", "Coverage@{k}", "of the catalogue shown to anyone"),
    Measure("rmse", "RMSE", "error of predicted stars, lower is better", lower_is_better=True),
    Measure("mae", "MAE", "error of predicted stars, lower is better", lower_is_better=True),
)


def list_length(metrics: Any) -> int:
    """How long the measured lists were (the k of NDCG@k)."""
    k = _mapping(_mapping(metrics).get("protocol")).get("k")
    return k if isinstance(k, int) and not isinstance(k, bool) and k > 0 else DEFAULT_K


def measured(metrics: Any, name: str, *, baseline: str | None = None) -> float | None:
    """One figure of the version itself or of a baseline; None when it is not there."""
    whole = _mapping(metrics)
    figures = _mapping(whole.get("baselines")).get(baseline) if baseline else whole.get("candidate")
    return _number(_mapping(figures).get(name.format(k=list_length(metrics))))


def comparison(metrics: Any, *, title: str) -> Comparison:
    """The version, what was live before it, and the baselines; measures nobody has are left out."""
    whole, k = _mapping(metrics), list_length(metrics)
    columns = {"This version": _mapping(whole.get("candidate"))}
    if live := _mapping(whole.get("live")):
        columns["Live before"] = live
    for name, figures in _mapping(whole.get("baselines")).items():
        columns[BASELINE_NAMES.get(name, str(name))] = _mapping(figures)
    rows = []
    for measure in MEASURES:
        values = tuple(_number(figures.get(measure.name.format(k=k))) for figures in columns.values())
        if any(value is not None for value in values):
            rows.append(
                Row(
                    measure.label.format(k=k),
                    values,
                    measure.note,
                    lower_is_better=measure.lower_is_better,
                    drawn=not measure.lower_is_better,
                )
            )
    return Comparison(title, tuple(columns), tuple(rows))


def protocol_lines(metrics: Any) -> list[tuple[str, str]]:
    """How it was measured, as (name, value) pairs in the order they were written."""
    return [
        (str(name).replace("_", " ").capitalize(), str(value))
        for name, value in _mapping(_mapping(metrics).get("protocol")).items()
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None
