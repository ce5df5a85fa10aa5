"""What a page for shoppers says about the model they are served by: the model that serves, not a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recommendations import registry
from recommendations.models import ModelVersion
from recommendations.plain_words import describe, settings_in_words
from recommendations.serving.index import live_model

OWN = "This model"
MEASURES: Mapping[str, str] = {
    "hit_rate@{k}": "shoppers who find something they go on to like",
    "ndcg@{k}": "how near the top it stands",
    "recall@{k}": "share of what they go on to like that is shown",
    "coverage@{k}": "share of the catalogue that is shown to anybody",
}


@dataclass(frozen=True)
class Figure:
    """One measure of one method. value, low, high: shares, 0 to 1; the bounds are None where unknown.

    name: as in docs/evaluation.md, such as "NDCG@10". words: what it says, without a formula.
    """

    name: str
    words: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Contender:
    """The model itself or a simple method beside it, measured on the same shoppers."""

    title: str
    figures: tuple[Figure, ...]
    is_own: bool = False


@dataclass(frozen=True)
class ModelFacts:
    """version, algorithm: as in the admin. title, words, settings: the algorithm in plain words.

    age_seconds: since it was made. ratings, interactions, shoppers, products: how much it learned from.
    contenders: itself first; empty where there was too little later feedback to measure on. asked: how many
    shoppers were asked. trials: how many settings the search compared, None without a search.
    """

    version: int
    algorithm: str
    title: str
    words: str
    settings: str
    made_at: datetime
    age_seconds: int
    ratings: int
    interactions: int
    shoppers: int
    products: int
    contenders: tuple[Contender, ...]
    asked: int
    trials: int | None
    rmse: float | None


def live_model_facts(*, now: datetime) -> ModelFacts | None:
    """The facts of the model that serves at this moment; None while there is none. Two queries.

    Where the files of the live version are refused, an older one serves, and these are its facts.
    """
    serving = live_model()
    version = ModelVersion.objects.filter(pk=serving.version).first() if serving else None
    if serving is None or version is None:
        return None
    described = describe(version.algorithm)
    metrics: Mapping[str, Any] = version.metrics or {}
    return ModelFacts(
        version=version.pk,
        algorithm=version.algorithm,
        title=described.title,
        words=described.words,
        settings=settings_in_words(version.algorithm, version.config),
        made_at=version.created_at,
        age_seconds=registry.age(version.created_at, now=now),
        ratings=int(serving.bundle.metadata.get("ratings", 0)),
        interactions=version.interaction_count,
        shoppers=version.shopper_count,
        products=version.product_count,
        contenders=_contenders(metrics),
        asked=int((metrics.get("protocol") or {}).get("shoppers") or 0),
        trials=(metrics.get("chosen_by") or {}).get("trials"),
        rmse=(metrics.get("candidate") or {}).get("rmse"),
    )


def _contenders(metrics: Mapping[str, Any]) -> tuple[Contender, ...]:
    k = (metrics.get("protocol") or {}).get("k", 10)
    intervals: Mapping[str, Any] = metrics.get("intervals") or {}
    own = _figures(metrics.get("candidate") or {}, intervals.get("candidate") or {}, k)
    if not own:
        return ()
    others = [
        Contender(describe(name).title, _figures(figures or {}, intervals.get(name) or {}, k))
        for name, figures in (metrics.get("baselines") or {}).items()
    ]
    return (Contender(OWN, own, is_own=True), *(other for other in others if other.figures))


def _figures(values: Mapping[str, Any], bounds: Mapping[str, Any], k: int) -> tuple[Figure, ...]:
    made = []
    for name, words in MEASURES.items():
        key = name.format(k=k)
        value = values.get(key)
        if value is not None:
            low, high = bounds.get(key) or (None, None)
            made.append(Figure(_shown(key), words, float(value), low, high))
    return tuple(made)


def _shown(key: str) -> str:
    """ "ndcg@10" as "NDCG@10", "hit_rate@10" as "Hit rate@10"."""
    name, _, k = key.partition("@")
    return f"{name.upper() if name == 'ndcg' else name.replace('_', ' ').capitalize()}@{k}"
