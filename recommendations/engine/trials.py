"""One try of one configuration on a validation part, within the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from recommendations.engine.evaluation.report import evaluate
from recommendations.engine.evaluation.split import Holdout
from recommendations.engine.protocols import Algorithm
from recommendations.engine.types import Interactions, Vocabulary

Now: TypeAlias = Callable[[], float]
"""Seconds of a clock that never goes back."""
Tell: TypeAlias = Callable[[str, float], None]
"""Called with what is being tried and the share of the time that is used; it may raise to interrupt."""

REFIT = 1.3
"""A fit on the training and validation data together takes at most so many times that on the first alone."""


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
    ) -> None:
        """deadline: on the clock of `now`, for the trials and a fit and use of the best of them."""
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
        self._tell = tell
        self._samples = {1.0: Sample(1.0, train)}
        self._sizes: dict[float, tuple[int, int]] = {1.0: (len(train), len(train.products))}

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - self._now()

    def run(self, algorithm: str, config: Any, share: float) -> Trial | None:
        """The trial; None where it was not started or not finished for want of time."""
        allowed = self.left - self._end_needs(algorithm, config, share)
        if self.expected_seconds(algorithm, config, share) > allowed:
            return None
        try:
            trial = self._tried(algorithm, config, share, allowed)
        except OutOfTimeError:
            # As long as it had: so that the next one like it is not even started.
            trial = Trial(algorithm, config, share, float("nan"), allowed, 0.0)
            self.trials.append(trial)
            return None
        self.trials.append(trial)
        if share == 1.0 and trial.value > (self.best.value if self.best else -1.0):
            self.best = trial
        return trial

    def expected_seconds(self, algorithm: str, config: Any, share: float) -> float:
        """Of a fit and its scoring, from the trials so far; 0 before the first, a cautious guess later."""
        known = [trial for trial in self.trials if trial.algorithm == algorithm]
        if not known:
            return 0.0
        nearest = max((trial.share for trial in known if trial.share <= share), default=None)
        alike = [trial for trial in known if trial.config == config] or known
        base = max(
            (trial for trial in alike if nearest is None or trial.share <= share),
            key=lambda trial: (trial.share, trial.fit_seconds),
            default=max(known, key=lambda trial: trial.fit_seconds),
        )
        fit = base.fit_seconds * self._growth(base.share, share)
        return fit + base.score_seconds * len(self.validation)

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
        sample = self.sample(share)
        started = self._now()
        label = f"{algorithm} on {share:.0%}"

        def watch(done: float) -> None:
            elapsed = self._now() - started
            self._tell(label, self._used())
            # What will be needed by this pace; early shares say little.
            pace = elapsed / done if done >= 0.1 else elapsed
            if pace > allowed and elapsed > 1:
                raise OutOfTimeError

        self._tell(label, self._used())
        try:
            model = self.algorithms[algorithm].fit(
                sample.interactions, config, seed=self._seed, progress=watch
            )
        except (ValueError, MemoryError, np.linalg.LinAlgError):
            # Not every combination can be fitted to every data set; such a one is just not the best.
            return Trial(algorithm, config, share, float("nan"), self._now() - started, 0.0)
        fitted = self._now()
        value = evaluate(model, self.validation, ks=(self._k,)).values[self.criterion]
        scored = (self._now() - fitted) / max(1, len(self.validation))
        return Trial(algorithm, config, share, value, fitted - started, scored)

    def _used(self) -> float:
        whole = self._deadline - self._started
        return min(1.0, (self._now() - self._started) / whole) if whole > 0 else 1.0

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
