"""Which part of what shoppers did is learned from, and which is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.evaluation.split import Holdout, settled_rows
from recommendations.engine.types import UNKNOWN, Floats, History, Ids, Interactions, Times, Vocabulary

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Feedback:
    """Columns in the order they were recorded; a shopper may come back to the same product.

    shoppers, products: ids. weights, ratings, times: as in `History`; where there are only positions, they
    are the times. half_lives: days after which a weight counts half, for a `Combine` that lets feedback age;
    None where none does.
    """

    shoppers: Ids
    products: Ids
    weights: Floats
    ratings: Floats
    times: Times
    half_lives: Floats | None = None

    def __len__(self) -> int:
        return len(self.shoppers)

    def rows(self, chosen: Mask) -> Feedback:
        """The chosen rows, in their order."""
        return Feedback(
            self.shoppers[chosen], self.products[chosen], self.weights[chosen], self.ratings[chosen],
            self.times[chosen], None if self.half_lives is None else self.half_lives[chosen],
        )  # fmt: skip


Combine: TypeAlias = Callable[[Feedback], Interactions]
"""How repeated feedback becomes one row per shopper and product."""


def latest(feedback: Feedback) -> Interactions:
    """Of a shopper's feedback on a product, the latest row counts."""
    return Interactions.from_columns(
        feedback.shoppers, feedback.products,
        weights=feedback.weights, ratings=feedback.ratings, times=feedback.times,
    )  # fmt: skip


class Cut(Protocol):
    """A rule that parts feedback into what is learned from and what is asked about."""

    def learned(self, feedback: Feedback) -> Mask:
        """(rows,) whether a row is learned from."""
        ...

    def __str__(self) -> str:
        """The rule in words."""
        ...


@dataclass(frozen=True)
class TimeCut:
    """Learned from is what came before a moment, for all shoppers the same: `at` in unix seconds, or where
    the last `fraction` of the rows begins (all rows of that very second are asked about)."""

    fraction: float = 0.2
    at: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise ValueError("The fraction of a time split must be above 0 and below 1.")

    def __str__(self) -> str:
        if self.at is None:
            return f"global time: the last {self.fraction:.0%} of the rows"
        return f"global time: rows at or after {self.at}"

    def learned(self, feedback: Feedback) -> Mask:
        if not len(feedback):
            return np.zeros(0, bool)
        at = self.at
        if at is None:
            first = min(len(feedback) - 1, len(feedback) - round(len(feedback) * self.fraction))
            at = int(np.partition(feedback.times, first)[first])
        return np.asarray(feedback.times < at)


@dataclass(frozen=True)
class LastCut:
    """Asked about is the last row of every shopper who has two or more."""

    def __str__(self) -> str:
        return "leave last out: each shopper's last product"

    def learned(self, feedback: Feedback) -> Mask:
        order, starts, sizes = _by_shopper(feedback)
        mask = np.ones(len(feedback), bool)
        mask[order[(starts + sizes - 1)[sizes > 1]]] = False
        return mask


@dataclass(frozen=True)
class BasketCut:
    """Asked about is the last basket, the rows of one time, of every shopper who has two or more."""

    def __str__(self) -> str:
        return "last basket: each shopper's rows of their last time"

    def learned(self, feedback: Feedback) -> Mask:
        order, starts, sizes = _by_shopper(feedback)
        times = feedback.times[order]
        ends = np.repeat(times[starts + sizes - 1], sizes)
        firsts = np.repeat(times[starts], sizes)
        mask = np.ones(len(feedback), bool)
        mask[order] = (times < ends) | (firsts == ends)
        return mask


@dataclass(frozen=True)
class RandomCut:
    """Asked about is a random part of every shopper's products, at least one where they have two or more."""

    fraction: float = 0.1
    seed: int = 0

    def __str__(self) -> str:
        return f"random: {self.fraction:.0%} of each shopper's products"

    def learned(self, feedback: Feedback) -> Mask:
        if not len(feedback):
            return np.zeros(0, bool)
        # Drawn by product, so that all rows of a repeated product land on the same side.
        _, shopper = np.unique(feedback.shoppers, return_inverse=True)
        _, product = np.unique(feedback.products, return_inverse=True)
        keys = shopper.astype(np.int64) * (int(product.max()) + 1) + product
        pairs, first, row_pair = np.unique(keys, return_index=True, return_inverse=True)
        owner = shopper[first]
        drawn = np.random.default_rng(self.seed).random(len(pairs))
        order = np.lexsort((drawn, owner))
        sizes = np.bincount(owner)
        place = np.empty(len(pairs), np.int64)
        place[order] = np.arange(len(pairs)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        asked = np.maximum(np.rint(sizes * self.fraction), 1).astype(np.int64) * (sizes > 1)
        return np.asarray((place >= asked[owner])[row_pair])


def ask(train: Interactions, later: Feedback, *, newcomers: bool, repeats: bool = False) -> Holdout:
    """What `later` asks of a model of `train`: the liked products that are new to the shopper.

    newcomers: whether to ask about shoppers without any row in `train`, with an empty history. repeats:
    whether products the shopper has are asked about, too, as of `Holdout`. Products
    that are in `later` only are part of the question: nobody can show them, so they are misses.
    """
    liked = later.rows(later.weights > 0)
    products = Vocabulary.of(np.concatenate([train.products.ids, np.unique(liked.products)]))
    shoppers, shopper = np.unique(liked.shoppers, return_inverse=True)
    width = len(products)
    wanted = np.unique(shopper.astype(np.int64) * width + products.positions(liked.products))
    own = train.shoppers.positions(shoppers)
    known = products.positions(train.products.ids)
    number = np.full(len(train.shoppers), UNKNOWN, np.int64)
    number[own[own != UNKNOWN]] = np.flatnonzero(own != UNKNOWN)
    seen = number[train.shopper] * width + known[train.product]
    settled = (number[train.shopper] != UNKNOWN) & settled_rows(train, repeats=repeats)
    wanted = wanted[~np.isin(wanted, seen[settled])]
    if not newcomers:
        has_past = np.zeros(len(shoppers), bool)
        has_past[own != UNKNOWN] = np.diff(train.starts)[own[own != UNKNOWN]] > 0
        wanted = wanted[has_past[wanted // width]] if width else wanted
    return replace(_holdout(train, products, shoppers, own, wanted), repeats=repeats)


def _holdout(
    train: Interactions,
    products: Vocabulary,
    shoppers: Ids,
    own: NDArray[np.int32],
    wanted: NDArray[np.int64],
) -> Holdout:
    width = max(1, len(products))
    testers, starts = np.unique(wanted // width, return_index=True)
    relevant = np.split((wanted % width).astype(np.int32), starts[1:]) if len(testers) else []
    nothing = np.empty(0, np.int32)
    return Holdout(
        products=products,
        shoppers=shoppers[testers],
        histories=tuple(
            train.history(int(own[each])) if own[each] != UNKNOWN else History.empty() for each in testers
        ),
        relevant=tuple(relevant),
        rating_histories=(),
        rating_shopper=nothing,
        rating_product=nothing,
        ratings=np.empty(0, np.float32),
    )


def some_of(holdout: Holdout, most: int, *, random: np.random.Generator) -> Holdout:
    """At most that many of the shoppers asked about, drawn at random, in their order."""
    if len(holdout) <= most:
        return holdout
    kept = np.sort(random.choice(len(holdout), most, replace=False))
    nothing = np.empty(0, np.int32)
    return Holdout(
        products=holdout.products,
        shoppers=holdout.shoppers[kept],
        histories=tuple(holdout.histories[each] for each in kept),
        relevant=tuple(holdout.relevant[each] for each in kept),
        rating_histories=(),
        rating_shopper=nothing,
        rating_product=nothing,
        ratings=np.empty(0, np.float32),
        repeats=holdout.repeats,
    )


def _by_shopper(feedback: Feedback) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(row numbers by shopper, then time, then order of the file; start of each shopper; their rows)."""
    _, shopper = np.unique(feedback.shoppers, return_inverse=True)
    order = np.lexsort((feedback.times, shopper))
    sizes = np.bincount(shopper) if len(shopper) else np.empty(0, np.int64)
    return order, np.cumsum(sizes) - sizes, sizes
