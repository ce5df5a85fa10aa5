"""Training data -> everything a shop serves from."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.engine.algorithms.catalogue import algorithm_named, rating_algorithm_named
from recommendations.engine.artefact import Bundle, Part
from recommendations.engine.leaning import choose_lean
from recommendations.engine.onboarding import first_questions
from recommendations.engine.protocols import Algorithm, RatingAlgorithm
from recommendations.engine.types import Interactions, Progress, silent

MINIMUM_RATINGS = 100
RATINGS_BY = "bayes"
# In the metadata: ids of the products a new shopper is asked about, best first.
ONBOARDING = "onboarding"
# In the metadata: how far short histories lean on popularity (see `leaning`).
LEAN = "lean"
RANKER_SHARE, RATINGS_SHARE, POPULARITY_SHARE = 0.7, 0.95, 0.96


def fit_bundle(
    interactions: Interactions,
    algorithm: str = "svd",
    config: Any = None,
    *,
    seed: int,
    progress: Progress = silent,
    rating_algorithm: str = RATINGS_BY,
    rating_config: Any = None,
    popularity_config: Any = None,
    minimum_ratings: int = MINIMUM_RATINGS,
    metadata: dict[str, Any] | None = None,
) -> Bundle:
    """Fits the ranker, the rating predictor (given at least `minimum_ratings` ratings), popularity, and
    content where anything is said of the products.

    config, rating_config, popularity_config: the algorithm's config dataclass, None for its defaults.
    metadata: what else the manifest should say, JSON values only. Raises ValueError for unknown names and
    what `fit` itself raises.
    """
    chosen, predictor = algorithm_named(algorithm), rating_algorithm_named(rating_algorithm)
    rated = int(np.isfinite(interactions.ratings).sum())
    ranker = _fitted(chosen, config, interactions, seed, _stretch(progress, 0.0, RANKER_SHARE))
    ratings = None
    if rated >= minimum_ratings:
        ratings = _fitted(
            predictor, rating_config, interactions, seed, _stretch(progress, RANKER_SHARE, RATINGS_SHARE)
        )
    popularity = _fitted(
        algorithm_named("popularity"),
        popularity_config,
        interactions,
        seed,
        _stretch(progress, RATINGS_SHARE, POPULARITY_SHARE),
    )
    content = None
    if interactions.features is not None:
        rest = _stretch(progress, POPULARITY_SHARE, 1.0)
        content = _fitted(algorithm_named("content"), None, interactions, seed, rest)
    progress(1.0)
    counts = {"interactions": len(interactions), "ratings": rated, "shoppers": len(interactions.shoppers)}
    found = {
        ONBOARDING: first_questions(interactions),
        LEAN: choose_lean(ranker.model, popularity.model, interactions, seed=seed),
    }
    told = {**counts, "seed": seed, **found, **(metadata or {})}
    return Bundle(interactions.products, ranker, popularity, ratings, told, content)


def _fitted(
    algorithm: Algorithm | RatingAlgorithm,
    config: Any,
    interactions: Interactions,
    seed: int,
    progress: Progress,
) -> Part[Any]:
    settings = algorithm.config_class() if config is None else config
    model = algorithm.fit(interactions, settings, seed=seed, progress=progress)
    return Part(algorithm.name, settings, model)


def _stretch(progress: Progress, start: float, end: float) -> Progress:
    """Progress of one part as progress of the whole."""
    return lambda share: progress(start + (end - start) * share)
