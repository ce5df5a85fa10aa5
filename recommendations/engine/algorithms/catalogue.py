"""Every algorithm by name; the only file that knows all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from recommendations.engine.algorithms.als import Als
from recommendations.engine.algorithms.bayes import BayesRatings
from recommendations.engine.algorithms.blend import Blend
from recommendations.engine.algorithms.content import Content
from recommendations.engine.algorithms.ease import Ease
from recommendations.engine.algorithms.graph_filter import GraphFilter
from recommendations.engine.algorithms.item_knn import ItemKnn
from recommendations.engine.algorithms.popularity import Popularity
from recommendations.engine.algorithms.sparse_ease import SparseEase
from recommendations.engine.algorithms.svd import SvdRanking, SvdRatings
from recommendations.engine.protocols import Algorithm, RatingAlgorithm

ALGORITHMS: Mapping[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        SvdRanking(),
        Als(),
        Ease(),
        SparseEase(),
        GraphFilter(),
        ItemKnn(),
        Content(),
        Popularity(),
        Blend(lambda name: algorithm_named(name)),
    )
}
RATING_ALGORITHMS: Mapping[str, RatingAlgorithm] = {
    algorithm.name: algorithm for algorithm in (BayesRatings(), SvdRatings())
}


def algorithm_named(name: str) -> Algorithm:
    """The ranking algorithm of that name. Raises ValueError naming the known ones."""
    if name not in ALGORITHMS:
        raise ValueError(f"There is no algorithm {name!r}; choose one of: {', '.join(sorted(ALGORITHMS))}.")
    return ALGORITHMS[name]


def rating_algorithm_named(name: str) -> RatingAlgorithm:
    """The rating algorithm of that name. Raises ValueError naming the known ones."""
    if name not in RATING_ALGORITHMS:
        known = ", ".join(sorted(RATING_ALGORITHMS))
        raise ValueError(f"There is no rating algorithm {name!r}; choose one of: {known}.")
    return RATING_ALGORITHMS[name]


def config_from(config_class: type[Any], values: Mapping[str, Any]) -> Any:
    """The configuration with the given values. Raises ValueError naming the known settings."""
    known = {field.name for field in dataclasses.fields(config_class)}
    if unknown := sorted(set(values) - known):
        raise ValueError(
            f"{config_class.__name__} has no setting {', '.join(unknown)}; "
            f"it has: {', '.join(sorted(known))}."
        )
    return config_class(**values)
