"""A made-up algorithm with a knob, on a clock of its own, to watch how settings are searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from recommendations.engine import choosing
from recommendations.engine.choosing import Outcome, choose
from recommendations.engine.evaluation.cuts import Feedback, RandomCut, ask, latest
from recommendations.engine.types import Arrays, Floats, Interactions, Progress, Vocabulary


class Watch:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class KnobConfig:
    """The model is the better the nearer the knob is to 5."""

    knob: int = 0
    other: str = "a"

    def __post_init__(self) -> None:
        if self.knob == 7:
            raise ValueError("7 is never valid.")


class KnobModel:
    def __init__(self, products: Vocabulary, truth: Floats, noise: float) -> None:
        self.products = products
        self._truth = truth
        self._noise = noise

    def score(self, histories) -> Floats:
        random = np.random.default_rng(0)
        noise = random.normal(size=len(self._truth))
        return np.tile(np.float32(self._truth + self._noise * noise), (len(histories), 1))

    def arrays(self) -> Arrays:
        return {}


class Knob:
    """Popularity, spoilt by noise; a fit takes `cost` seconds a thousand rows, reported in ten steps."""

    config_class = KnobConfig
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {"knob": (0, 1, 2, 3, 4, 5, 6, 7), "other": ("a", "b")}

    def __init__(self, name: str, watch: Watch, *, cost: float = 1.0, spoilt: float = 0.0) -> None:
        self.name = name
        self._watch = watch
        self._cost = cost
        self._spoilt = spoilt
        self.fits: list[tuple[KnobConfig, int]] = []

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        return products < 10_000

    def fit(
        self, interactions: Interactions, config: KnobConfig, *, seed: int, progress: Progress
    ) -> KnobModel:
        self.fits.append((config, len(interactions)))
        for step in range(10):
            self._watch.seconds += self._cost * len(interactions) / 10_000
            progress((step + 1) / 10)
        counts = np.bincount(interactions.product, minlength=len(interactions.products))
        noise = self._spoilt + 0.5 * abs(config.knob - 5)
        return KnobModel(interactions.products, (counts / counts.max()).astype(np.float32), noise)

    def restore(self, config: Any, products: Vocabulary, arrays: Arrays) -> KnobModel:
        raise NotImplementedError


def world(shoppers: int = 400, products: int = 60, seed: int = 0):
    """(training part, validation part) of shoppers whose taste is popularity."""
    random = np.random.default_rng(seed)
    chance = 0.6 * 0.93 ** np.arange(products)
    shopper, product = np.nonzero(random.random((shoppers, products)) < chance)
    ones = np.ones(len(shopper), np.float32)
    rows = Feedback(shopper, product, ones, ones * np.nan, np.arange(len(shopper)))
    kept = RandomCut(fraction=0.3, seed=seed).learned(rows)
    train = latest(rows.rows(kept))
    return train, ask(train, rows.rows(~kept), newcomers=False)


def chosen(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, *algorithms: Knob, budget: float = 10_000.0, **options: Any
) -> Outcome:
    known = {algorithm.name: algorithm for algorithm in algorithms}
    monkeypatch.setattr(choosing, "ALGORITHMS", known)
    train, validation = world()
    return choose(
        train, validation, names=tuple(known), k=10, seed=0, now=watch, budget=budget,
        tell=lambda *_: None, **options,
    )  # fmt: skip


def near(monkeypatch: pytest.MonkeyPatch, watch: Watch, around: tuple[str, Any], *names: str) -> Outcome:
    return chosen(monkeypatch, watch, *(Knob(name, watch) for name in names), around=around)


class WithStarts(Knob):
    starts: ClassVar[tuple[Mapping[str, Any], ...]] = ({"knob": 2}, {"knob": 5, "other": "b"}, {"knob": 3})
