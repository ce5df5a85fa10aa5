"""One try of one configuration on a validation part, within the time that is left."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from recommendations.engine.algorithms.blend import BlendConfig, BlendModel
from recommendations.engine.blending import best_weights, gain, joined, proposals
from recommendations.engine.evaluation.cuts import some_of
from recommendations.engine.evaluation.report import evaluate
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.protocols import Algorithm, Explains, Recommender
from recommendations.engine.stacking import hold_out_last, spread
from recommendations.engine.types import Interactions, Progress, Vocabulary

Now: TypeAlias = Callable[[], float]
"""Seconds of a clock that never goes back."""
Cut: TypeAlias = tuple[Interactions, Holdout]
"""What is learned from and what is asked about."""
Tell: TypeAlias = Callable[[str, float], None]
"""Called with what is being tried and the share of the time that is used; it may raise to interrupt."""

REFIT = 1.3
"""A fit on the training and validation data together takes at most so many times that on the first alone."""
PATIENCE, PATIENCE_SHARE = 5.0, 0.05
"""A fit that takes so many times longer than expected is given up, unless that is little of the time."""
CAUTION, HOPE = 0.9, 0.6
"""Power of the growth of the data by which times are expected to grow before that is known."""
WEIGHING = 2.0
"""Weighing the parts of a blend takes so many times their scoring of the validation part, about."""
KEPT_BYTES = 1_000_000_000
"""The memory for the best model of each algorithm, kept for blends; what does not fit in is fitted again."""
SAMPLE_SHOPPERS, TIMING_SHOPPERS, TIMING_ROWS = 1_500, 200, 10_000
"""Shoppers asked on a sample of the data, and on one so small that it only tells how long things take."""


@dataclass(frozen=True)
class Trial:
    """What a configuration reached on the validation part after learning from a share of the shoppers.

    value: the criterion; NaN where the fit failed. fit_seconds: of that fit. score_seconds: a shopper.
    """

    algorithm: str
    config: Any
    share: float
    value: float
    fit_seconds: float
    score_seconds: float


class OutOfTimeError(Exception):
    """A fit was given up because it would not have ended in time."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Training data of a share of the shoppers."""

    share: float
    interactions: Interactions


class Runner:
    """Runs trials, remembers how long they took, and so knows what can still be finished."""

    def __init__(
        self,
        train: Interactions,
        validation: Holdout,
        algorithms: Mapping[str, Algorithm],
        *,
        k: int,
        seed: int,
        now: Now,
        deadline: float,
        tell: Tell,
        further: Sequence[Cut] = (),
    ) -> None:
        """deadline: on the clock of `now`, for the trials and a fit and use of the best of them.

        further: more cuts of the same feedback; a trial on all shoppers is then one of every cut, its value
        their mean and its times their sums.
        """
        self.validation = validation
        self.algorithms = algorithms
        self.criterion = f"ndcg@{k}"
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self._k = k
        self._seed = seed
        self._now = now
        self._started = now()
        self._deadline = deadline
        self._whole = deadline - self._started
        self._tell = tell
        self._few = some_of(validation, SAMPLE_SHOPPERS, random=np.random.default_rng(seed))
        self._fewest = some_of(self._few, TIMING_SHOPPERS, random=np.random.default_rng(seed))
        self._samples = {1.0: Sample(1.0, train)}
        self._sizes: dict[float, tuple[int, int]] = {1.0: (len(train), len(train.products))}
        self._cuts: list[Cut] = [(train, validation), *further]
        self._models: dict[str, tuple[Trial, list[Recommender]]] = {}

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - self._now()

    def run(self, algorithm: str, config: Any, share: float) -> Trial | None:
        """The trial, NaN where it failed or took too long; None where there is no time to start it."""
        allowed = self.left - self._end_needs(algorithm, config, share)
        expected = self.expected_seconds(algorithm, config, share)
        if expected > allowed:
            return None
        if share == 1.0:
            # What takes longer could not be fitted once more.
            allowed = min(allowed, self.left / (1 + REFIT))
        if expected:
            allowed = min(allowed, max(PATIENCE_SHARE * self._whole, PATIENCE * expected))
        started = self._now()
        try:
            trial = self._tried(algorithm, config, share, allowed)
        except (OutOfTimeError, ValueError, MemoryError, np.linalg.LinAlgError):
            # Not every combination can be fitted to every data set; such a one is just not the best.
            trial = Trial(algorithm, config, share, float("nan"), self._now() - started, 0.0)
        self._remember(trial)
        return trial

    def best_of(self, algorithm: str, share: float = 1.0) -> Trial | None:
        """The best finished trial of an algorithm on a share of the shoppers."""
        own = [trial for trial in self.trials if (trial.algorithm, trial.share) == (algorithm, share)]
        finished = [trial for trial in own if not math.isnan(trial.value)]
        return max(finished, key=lambda trial: trial.value, default=None)

    def run_blend(self, blend: Algorithm, parts: Sequence[Trial]) -> Trial | None:
        """The parts summed with the best weights; None where time is too short or the best part is as good.

        The models of the parts are those of their trials where they were kept.
        """
        if self.blend_seconds(parts) > self.left:
            return None
        try:
            models = [self._fitted(part) for part in parts]
        except (OutOfTimeError, ValueError, MemoryError):
            return None
        explained = [(part, own) for part, own in zip(parts, models, strict=True) if _explain(own)]
        if len(explained) < 2:
            return None
        trial = self._blended(blend, explained)
        self._tell(f"{blend.name} of {len(parts)}", self._used())
        if trial is not None:
            self._remember(trial)
        return trial

    def blend_seconds(self, parts: Sequence[Trial]) -> float:
        """For weighing the parts, for fitting them once more in the end, and for asking all shoppers."""
        shoppers = len(self._samples[1.0].interactions.shoppers)
        again = sum(part.fit_seconds for part in parts if not self._is_kept(part))
        fits = sum(part.fit_seconds for part in parts)
        scores = sum(part.score_seconds for part in parts)
        return again + REFIT * fits + scores * (WEIGHING * len(self.validation) + shoppers)

    def _blended(self, blend: Algorithm, parts: Sequence[tuple[Trial, list[Recommender]]]) -> Trial | None:
        """The trial of the best weights; None where no blend is better."""
        spreads, tables = [], []
        for number, (train, validation) in enumerate(self._cuts):
            models = [own[number] for _, own in parts]
            asked = hold_out_last(train, random=np.random.default_rng(self._seed))[1]
            spreads.append(np.array([spread(model, asked.histories) for model in models]))
            tables.append(proposals(models, spreads[-1], validation, k=self._k))
        table = joined(tables)
        weights = best_weights(table)
        kept = np.flatnonzero(weights).tolist()
        if len(kept) < 2 or gain(table) <= 0:
            return None
        asking, values = self._now(), []
        for number, (train, validation) in enumerate(self._cuts):
            model = BlendModel(
                train.products, [parts[each][1][number] for each in kept],
                np.asarray(weights[kept] / spreads[number][kept], np.float32),
            )  # fmt: skip
            values.append(evaluate(model, validation, ks=(self._k,)).values[self.criterion])
        score_seconds = (self._now() - asking) / max(1, len(self.validation))
        pairs = [(parts[each][0].algorithm, parts[each][0].config) for each in kept]
        config = BlendConfig.of(pairs, [float(weights[each]) for each in kept], places=self._k)
        fits = sum(parts[each][0].fit_seconds for each in kept)
        return Trial(blend.name, config, 1.0, float(np.mean(values)), fits, score_seconds)

    def _is_kept(self, trial: Trial) -> bool:
        return trial.algorithm in self._models and self._models[trial.algorithm][0] == trial

    def _fitted(self, trial: Trial) -> list[Recommender]:
        """The fitted models of a trial on all shoppers, one for each cut."""
        if self._is_kept(trial):
            return self._models[trial.algorithm][1]
        watch = self._watch(f"{trial.algorithm} once more", self.left)
        algorithm = self.algorithms[trial.algorithm]
        return [
            algorithm.fit(train, trial.config, seed=self._seed, progress=watch) for train, _ in self._cuts
        ]

    def _keep(self, trial: Trial, models: list[Recommender]) -> None:
        """The best models of an algorithm, unless they take more memory than there is for such."""
        self._models.pop(trial.algorithm, None)
        if sum(map(_bytes, [models, *(own for _, own in self._models.values())])) <= KEPT_BYTES:
            self._models[trial.algorithm] = (trial, models)

    def take_unseen(self, trial: Trial) -> None:
        """Make the trial of a sample the best one, if fitting it on everything will end in time."""
        fit = self.expected_seconds(trial.algorithm, trial.config, 1.0)
        shoppers = len(self._samples[1.0].interactions.shoppers)
        if REFIT * fit + trial.score_seconds * shoppers <= self.left:
            self.best = replace(trial, fit_seconds=fit)

    def _remember(self, trial: Trial) -> None:
        self.trials.append(trial)
        if trial.share == 1.0 and trial.value > (self.best.value if self.best else -1.0):
            self.best = trial

    def expected_seconds(self, algorithm: str, config: Any, share: float, *, hopeful: bool = False) -> float:
        """Of a fit and its scoring, from the trials so far; 0 before the first. hopeful: at the least."""
        finished = [
            trial for trial in self.trials if trial.algorithm == algorithm and not math.isnan(trial.value)
        ]
        if not finished:
            return max(
                (trial.fit_seconds for trial in self.trials if trial.algorithm == algorithm), default=0.0
            )
        nearest = max((trial.share for trial in finished if trial.share <= share), default=finished[0].share)
        near = [trial for trial in finished if trial.share == nearest]
        alike = [trial for trial in near if trial.config == config] or near
        fit = float(np.median([trial.fit_seconds for trial in alike]))
        growth = self._growth(nearest, share) ** (HOPE if hopeful else self._exponent(finished))
        return float(fit * growth + alike[0].score_seconds * len(self._asked(share)))

    def _exponent(self, finished: list[Trial]) -> float:
        """How the algorithm's time followed the growth from its smallest share to its largest so far."""
        small, large = (each(finished, key=lambda trial: trial.share) for each in (min, max))
        if small.share == large.share or small.fit_seconds <= 0:
            return CAUTION
        growth = math.log(max(1.1, self._growth(small.share, large.share)))
        took = math.log(max(1.0, large.fit_seconds / small.fit_seconds))
        return float(min(1.0, max(0.3, took / growth + 0.1)))

    def _growth(self, from_share: float, to_share: float) -> float:
        """How many times longer a fit takes: a little more than the rows, or the cube of the products."""
        rows, products = self._size(to_share)
        known_rows, known_products = self._size(from_share)
        by_rows: float = (rows / max(1, known_rows)) ** 1.2
        by_products: float = (products / max(1, known_products)) ** 3
        return max(by_rows, by_products)

    def _end_needs(self, algorithm: str, config: Any, share: float) -> float:
        """Seconds to keep for fitting the winner once more on everything, be it the best so far or this."""
        shoppers = len(self._samples[1.0].interactions.shoppers)
        needs = [REFIT * self.best.fit_seconds + self.best.score_seconds * shoppers] if self.best else []
        if share == 1.0:
            known = [trial.score_seconds for trial in self.trials if trial.algorithm == algorithm]
            fit = self.expected_seconds(algorithm, config, 1.0)
            needs.append(REFIT * fit + max(known, default=0.0) * shoppers)
        return max(needs, default=0.0)

    def _tried(self, algorithm: str, config: Any, share: float, allowed: float) -> Trial:
        cuts = self._cuts if share == 1.0 else [(self.sample(share).interactions, self._asked(share))]
        models, values, fitting, asking = [], [], 0.0, 0.0
        for train, asked in cuts:
            started = self._now()
            watch = self._watch(f"{algorithm} on {share:.0%}", allowed / len(cuts))
            models.append(self.algorithms[algorithm].fit(train, config, seed=self._seed, progress=watch))
            fitted = self._now()
            values.append(evaluate(models[-1], asked, ks=(self._k,)).values[self.criterion])
            fitting += fitted - started
            asking += (self._now() - fitted) / max(1, len(asked))
        trial = Trial(algorithm, config, share, float(np.mean(values)), fitting, asking)
        before = self.best_of(algorithm)
        if share == 1.0 and (before is None or trial.value > before.value):
            self._keep(trial, models)
        return trial

    def _watch(self, label: str, allowed: float) -> Progress:
        """A progress callback that gives the fit up when, by its pace, it would take longer than allowed."""
        started = self._now()
        self._tell(label, self._used())

        def watch(done: float) -> None:
            elapsed = self._now() - started
            self._tell(label, self._used())
            # Early shares say little of the pace.
            pace = elapsed / done if done >= 0.1 else elapsed
            if pace > allowed and elapsed > 1:
                raise OutOfTimeError

        return watch

    def _asked(self, share: float) -> Holdout:
        """Few are enough to sort out the bad on a sample."""
        if share == 1.0:
            return self.validation
        return self._few if self._size(share)[0] >= TIMING_ROWS else self._fewest

    def _used(self) -> float:
        return min(1.0, (self._now() - self._started) / self._whole) if self._whole > 0 else 1.0

    def _size(self, share: float) -> tuple[int, int]:
        if share not in self._sizes:
            sample = self.sample(share).interactions
            self._sizes[share] = len(sample), len(sample.products)
        return self._sizes[share]

    def sample(self, share: float) -> Sample:
        """A share of the shoppers, the same at every call, with the products they touched."""
        if share not in self._samples:
            whole = self._samples[1.0].interactions
            drawn = np.random.default_rng(self._seed).random(len(whole.shoppers)) < share
            self._samples[share] = Sample(share, compact(whole.rows(drawn[whole.shopper])))
        return self._samples[share]


def _bytes(models: Sequence[Recommender]) -> int:
    return sum(array.nbytes for model in models for array in model.arrays().values())


def _explain(models: Sequence[Recommender]) -> bool:
    return all(isinstance(model, Explains) for model in models)


def compact(interactions: Interactions) -> Interactions:
    """The same rows without the shoppers and products nobody of them touched."""
    shoppers, shopper = np.unique(interactions.shopper, return_inverse=True)
    products, product = np.unique(interactions.product, return_inverse=True)
    return replace(
        interactions,
        shoppers=Vocabulary(interactions.shoppers.ids[shoppers]),
        products=Vocabulary(interactions.products.ids[products]),
        shopper=shopper.astype(np.int32),
        product=product.astype(np.int32),
    )
