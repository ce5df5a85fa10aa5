"""Several algorithms as one: a weighted sum of their scores."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from recommendations.engine.foldin import rounding
from recommendations.engine.protocols import Algorithm, Explains, FindsSimilar, Recommender, ScoresRoughly
from recommendations.engine.stacking import Weights, hold_out_last, learned_weights, spread
from recommendations.engine.topk import Places
from recommendations.engine.types import (
    Arrays,
    Explanation,
    Floats,
    History,
    Interactions,
    Positions,
    Progress,
    Roughly,
    Vocabulary,
)

Settings: TypeAlias = tuple[tuple[str, Any], ...]
Lookup: TypeAlias = Callable[[str], Algorithm]
"""Name -> algorithm; raises ValueError for a name it does not know."""


@dataclass(frozen=True)
class BlendConfig:
    """parts: (name of the algorithm, its settings) each; settings left out are the algorithm's defaults.

    weights: one for each part, 0 or more; empty: learned when fitting, by NDCG at `places`. All of it may be
    given as JSON has it, in lists and mappings.
    """

    parts: tuple[tuple[str, Settings], ...] = (("ease", ()), ("als", ()))
    weights: tuple[float, ...] = ()
    places: int = 20

    def __post_init__(self) -> None:
        parts = tuple((str(name), tuple(sorted((str(k), v) for k, v in dict(given).items())))
                      for name, given in self.parts)  # fmt: skip
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "weights", tuple(float(weight) for weight in self.weights))
        if not self.parts or any(name == Blend.name for name, _ in self.parts):
            raise ValueError("parts must name one algorithm or more, and no blend.")
        if self.weights and len(self.weights) != len(self.parts):
            raise ValueError("weights must be empty, or one for each of the parts.")
        if self.weights and (not all(map(math.isfinite, self.weights)) or min(self.weights) < 0
                             or not any(self.weights)):  # fmt: skip
            raise ValueError("weights must be 0 or more, and one of them above 0.")
        if self.places < 1:
            raise ValueError("places must be 1 or more.")

    @classmethod
    def of(
        cls, parts: Sequence[tuple[str, Any]], weights: Sequence[float] = (), **others: Any
    ) -> BlendConfig:
        """From (name, config dataclass) pairs."""
        given = tuple((name, tuple(dataclasses.asdict(config).items())) for name, config in parts)
        return cls(given, tuple(weights), **others)


class BlendModel:
    """score_i = sum_m a_m s_mi, with a_m = weight_m / spread_m, over the parts' scores s_m.

    spread_m is the mean standard deviation, over the products, of the part's scores for a sample of training
    histories: one constant a model, not a history. So where the parts' scores are bases plus contributions,
    these add up, weighted alike, to the blend's. Wolpert, "Stacked generalization", Neural Networks 5(2),
    1992.
    """

    def __init__(self, products: Vocabulary, parts: Sequence[Recommender | None], factors: Floats) -> None:
        """factors: (parts,) a; a part with factor 0 may be None."""
        self.products = products
        self.parts = parts
        self.factors = factors

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products): signed, in spreads."""
        scores = np.zeros((len(histories), len(self.products)), np.float32)
        for factor, part in self._used():
            scores += factor * part.score(histories)
        return scores

    def roughly(self, history: History) -> Roughly:
        """The parts' rough scores, weighted; a part that has none is exact."""
        found = [(factor, _roughly(part, history)) for factor, part in self._used()]
        scores = np.zeros(len(self.products), np.float32)
        margin = 0.0
        for factor, one in found:
            scores += factor * one.scores
            margin += abs(float(factor)) * (
                one.margin + rounding(0, 0.0, float(np.abs(one.scores).max(initial=0)))
            )

        def exact(places: Places) -> Floats:
            total = np.zeros(len(places), np.float32)
            for factor, one in found:
                total += factor * one.exact(places)
            return total

        return Roughly(scores, margin, exact)

    def explain(self, history: History, positions: Positions) -> Explanation:
        """The parts' bases and contributions, weighted as their scores are."""
        base = np.zeros(len(positions), np.float32)
        contributions = np.zeros((len(positions), len(history)), np.float32)
        for factor, part in self._used():
            assert isinstance(part, Explains)
            own = part.explain(history, positions)
            base += factor * own.base
            contributions += factor * own.contributions
        return Explanation(base, contributions)

    def similar(self, positions: Positions) -> Floats:
        """(positions, products) weighted mean of the parts' similarities, each in its row's own spread."""
        alike = np.zeros((len(positions), len(self.products)), np.float32)
        for factor, part in self._used():
            if isinstance(part, FindsSimilar):
                rows = part.similar(positions)
                rows[np.arange(len(positions)), positions] = 0
                widths = rows.std(axis=1, keepdims=True)
                alike += (factor > 0) * rows / np.where(widths > 0, widths, 1)
        alike[np.arange(len(positions)), positions] = -np.inf
        return alike

    def arrays(self) -> Arrays:
        arrays: Arrays = {"factors": self.factors}
        for number, part in enumerate(self.parts):
            if part is not None:
                arrays |= {f"{number}.{key}": array for key, array in part.arrays().items()}
        return arrays

    def _used(self) -> list[tuple[np.float32, Recommender]]:
        pairs = zip(self.factors, self.parts, strict=True)
        return [(factor, part) for factor, part in pairs if part is not None and factor]


class Blend:
    """Fits and restores `BlendModel`.

    The weights are learned on what each of a sample of shoppers did last: the parts are fitted without it,
    and the weights found by which the sum ranks it best (`stacking.learned_weights`). Then the parts are
    fitted on everything. With one part or given weights, the first fit is saved.
    """

    name = "blend"
    config_class = BlendConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {}

    def __init__(self, lookup: Lookup) -> None:
        """lookup: where the parts' algorithms are found."""
        self._lookup = lookup

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """Of the parts a blend has by default; each is fitted twice."""
        return all(
            self._lookup(name).affordable(shoppers, products, interactions) for name, _ in BlendConfig().parts
        )

    def fit(
        self, interactions: Interactions, config: BlendConfig, *, seed: int, progress: Progress
    ) -> BlendModel:
        """Raises ValueError for parts that cannot be found, configured, fitted or explained."""
        algorithms = [self._configured(name, settings) for name, settings in config.parts]
        weights = np.array(config.weights)
        given = len(weights) > 0
        if not given:
            weights = self._weights(interactions, algorithms, config, seed, lambda share: progress(share / 2))
        used = [pair if weight else None for pair, weight in zip(algorithms, weights, strict=True)]
        parts = _fitted(
            interactions, used, seed, progress if given else lambda share: progress((1 + share) / 2)
        )
        asked = hold_out_last(interactions, random=np.random.default_rng(seed))[1]
        histories = asked.histories
        spreads = np.array([spread(part, histories) if part is not None else 1.0 for part in parts])
        return BlendModel(interactions.products, parts, (weights / spreads).astype(np.float32))

    def restore(self, config: BlendConfig, products: Vocabulary, arrays: Arrays) -> BlendModel:
        factors = np.asarray(arrays["factors"])
        parts: list[Recommender | None] = []
        for number, (name, settings) in enumerate(config.parts):
            algorithm, own = self._configured(name, settings)
            prefix = f"{number}."
            kept = {
                key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)
            }
            parts.append(algorithm.restore(own, products, kept) if factors[number] else None)
        return BlendModel(products, parts, factors)

    def _weights(
        self,
        interactions: Interactions,
        algorithms: Sequence[tuple[Algorithm, Any]],
        config: BlendConfig,
        seed: int,
        progress: Progress,
    ) -> Weights:
        """(parts,) weights that sum to 1."""
        if len(algorithms) == 1:
            return np.ones(1)
        earlier, asked = hold_out_last(interactions, random=np.random.default_rng(seed))
        if not len(asked):
            return np.full(len(algorithms), 1 / len(algorithms))
        models = [model for model in _fitted(earlier, algorithms, seed, progress) if model is not None]
        return learned_weights(models, asked, places=config.places)

    def _configured(self, name: str, settings: Settings) -> tuple[Algorithm, Any]:
        algorithm = self._lookup(name)
        try:
            return algorithm, algorithm.config_class(**dict(settings))
        except TypeError as error:
            raise ValueError(f"The settings of {name} in the blend are not its own: {error}.") from error


def _roughly(part: Recommender, history: History) -> Roughly:
    if isinstance(part, ScoresRoughly):
        return part.roughly(history)
    row = part.score([history])[0]
    return Roughly(row, 0.0, lambda places: row[places])


def _fitted(
    interactions: Interactions,
    algorithms: Sequence[tuple[Algorithm, Any] | None],
    seed: int,
    progress: Progress,
) -> list[Recommender | None]:
    models: list[Recommender | None] = []
    for number, pair in enumerate(algorithms):
        if pair is None:
            models.append(None)
            continue
        algorithm, config = pair
        model = algorithm.fit(
            interactions, config, seed=seed, progress=_stretch(progress, number, algorithms)
        )
        if not isinstance(model, Explains):
            raise ValueError(f"{algorithm.name} does not explain its scores, so a blend could not either.")
        models.append(model)
    progress(1.0)
    return models


def _stretch(progress: Progress, number: int, all_of: Sequence[Any]) -> Progress:
    return lambda share: progress((number + share) / len(all_of))
