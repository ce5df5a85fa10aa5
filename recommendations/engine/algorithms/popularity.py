"""What most shoppers liked: the baseline, and the answer for a shopper with no history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recommendations.engine.types import (
    Arrays,
    Explanation,
    Floats,
    History,
    Interactions,
    Positions,
    Progress,
    Vocabulary,
)

DAY = 86_400


@dataclass(frozen=True)
class PopularityConfig:
    """half_life_days: days after which feedback counts half; None counts all feedback alike."""

    half_life_days: float | None = None

    def __post_init__(self) -> None:
        if self.half_life_days is not None and self.half_life_days <= 0:
            raise ValueError("half_life_days must be above 0, or None for no decay.")


class PopularityModel:
    """score_i = sum over shoppers of max(w_ui, 0) * 2^(-age_ui / half-life): the same for everybody.

    The age counts from the newest feedback in the training data. Cremonesi, Koren, Turrin, "Performance of
    recommender algorithms on top-N recommendation tasks", RecSys 2010 (TopPop).
    """

    def __init__(self, products: Vocabulary, popularity: Floats) -> None:
        self.products = products
        self.popularity = popularity

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products): summed weights, 0 or more; the history does not matter."""
        return np.tile(self.popularity, (len(histories), 1))

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Nothing of the score comes from the shopper's own history."""
        return Explanation(self.popularity[positions], np.zeros((len(positions), len(history)), np.float32))

    def arrays(self) -> Arrays:
        return {"popularity": self.popularity}


class Popularity:
    """Fits and restores `PopularityModel`."""

    name = "popularity"
    config_class = PopularityConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {"half_life_days": (7.0, 30.0, 90.0, 365.0, None)}
    needs: ClassVar[Mapping[str, str]] = {"half_life_days": "time"}
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = ({"half_life_days": 30.0},)

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """Always: it counts."""
        return True

    def fit(
        self, interactions: Interactions, config: PopularityConfig, *, seed: int, progress: Progress
    ) -> PopularityModel:
        weights = np.maximum(interactions.weights.astype(np.float64), 0)
        if config.half_life_days is not None and len(interactions):
            age_days = (interactions.times.max() - interactions.times) / DAY
            weights *= np.exp2(-age_days / config.half_life_days)
        summed = np.bincount(interactions.product, weights, minlength=len(interactions.products))
        progress(1.0)
        return PopularityModel(interactions.products, summed.astype(np.float32))

    def restore(self, config: PopularityConfig, products: Vocabulary, arrays: Arrays) -> PopularityModel:
        return PopularityModel(products, np.asarray(arrays["popularity"]))
