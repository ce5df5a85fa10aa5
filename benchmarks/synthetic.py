"""Made-up shops of any size whose shoppers have tastes: to measure time, memory and lists at scale.

Popularity of products and activity of shoppers follow power laws. Products lie in two independent
hierarchies (as kind and style), each of niches inside groups inside departments; a shopper has a few
favourite niches and mostly picks in them, sometimes in their group or department, and sometimes anywhere,
always in proportion to popularity.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]

NICHE, GROUP, DEPARTMENT = 12, 120, 2_400
"""Products in each, about."""
NEARNESS = (0.5, 0.2, 0.15, 0.15)
"""Shares of picks from the favourite niche itself, its group, its department, anywhere."""
FAVOURITES = 5
ROUNDS = 30


@dataclass(frozen=True)
class Shop:
    """How large the made-up shop is. rows: pairs of shopper and product, about; the least a shopper has is
    `fewest`. popularity: exponent of the power law of the products."""

    shoppers: int
    products: int
    rows: int
    fewest: int = 5
    popularity: float = 0.7

    def __post_init__(self) -> None:
        if min(self.shoppers, self.products) < 1:
            raise ValueError("A shop needs at least one shopper and one product.")
        if self.fewest < 1 or self.rows < self.shoppers * self.fewest:
            raise ValueError("rows must be at least shoppers x fewest, and fewest 1 or more.")
        if self.rows > self.shoppers * self.products / 4:
            raise ValueError("rows must be at most a quarter of all pairs of shoppers and products.")


def pairs(shop: Shop, *, seed: int, rounds: int = ROUNDS) -> tuple[Numbers, Numbers]:
    """(rows,) shopper and (rows,) product, numbered from 1; every pair once, sorted by shopper.

    rounds: how often what was drawn twice is drawn again. A few are quick, and leave some shoppers with less
    than they should have.
    """
    random = np.random.default_rng(seed)
    wanted = _activity(shop, random)
    weights = np.power(random.permutation(shop.products) + 10.0, -shop.popularity).astype(np.float64)
    shelves = [_Shelf(random.permutation(shop.products), weights) for _ in range(2)]
    favourites = _Favourites(shop, random)
    taken = np.empty(0, np.int64)
    for _ in range(rounds):
        missing = wanted - np.bincount(taken // shop.products, minlength=shop.shoppers)
        shopper = np.repeat(np.arange(shop.shoppers), np.maximum(missing, 0))
        if not len(shopper):
            break
        product = favourites.picks(shopper, shelves, random)
        taken = np.union1d(taken, shopper * shop.products + product)
    return taken // shop.products + 1, taken % shop.products + 1


def parted(shopper: Numbers, *, share: float, seed: int) -> NDArray[np.bool_]:
    """(rows,) whether a row is in the test part: a random `share` of every shopper's, at least one.

    shopper: sorted, two rows or more each.
    """
    order = np.lexsort((np.random.default_rng(seed).random(len(shopper)), shopper))
    sizes = np.unique(shopper, return_counts=True)[1]
    place = np.arange(len(shopper)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    asked = np.empty(len(shopper), bool)
    asked[order] = place < np.repeat(np.maximum(np.rint(sizes * share), 1), sizes)
    return asked


def write(shop: Shop, folder: Path, *, share: float, seed: int) -> tuple[Path, Path]:
    """Writes train.csv.gz and test.csv.gz (user,item) into the folder and gives their paths."""
    shopper, product = pairs(shop, seed=seed)
    asked = parted(shopper, share=share, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"user": shopper, "item": product})
    train, test = folder / "train.csv.gz", folder / "test.csv.gz"
    table[~asked].to_csv(train, index=False)
    table[asked].to_csv(test, index=False)
    return train, test


def _activity(shop: Shop, random: np.random.Generator) -> Numbers:
    """(shoppers,) how many products each has: a heavy tail above `fewest`, with the mean asked for."""
    extra = np.minimum(random.pareto(1.6, shop.shoppers), 60)
    extra *= max(0.0, shop.rows / shop.shoppers - shop.fewest) / max(extra.mean(), 1e-9)
    most = max(1, shop.products // 3)
    return np.asarray(np.minimum(np.rint(shop.fewest + extra), most), np.int64)


class _Shelf:
    """One hierarchy: products in an order in which neighbours are alike, drawn from by stretches."""

    def __init__(self, order: Numbers, weights: Shares) -> None:
        self._order = order
        self._reached = np.concatenate([[0.0], np.cumsum(weights[order])])

    def draw(self, starts: Numbers, ends: Numbers, random: np.random.Generator) -> Numbers:
        """One product from each stretch of places, in proportion to popularity."""
        low, high = self._reached[starts], self._reached[ends]
        place = np.searchsorted(self._reached, low + random.random(len(starts)) * (high - low), side="right")
        return np.asarray(self._order[np.clip(place - 1, starts, ends - 1)], np.int64)


class _Favourites:
    """Every shopper's favourite niches, as places on one of the shelves."""

    def __init__(self, shop: Shop, random: np.random.Generator) -> None:
        size = (shop.shoppers, FAVOURITES)
        self._products = shop.products
        # Later favourites are often of the first one's department.
        place = random.integers(0, shop.products, size)
        near = (place[:, :1] // DEPARTMENT) * DEPARTMENT + random.integers(0, DEPARTMENT, size)
        self._place = np.where(random.random(size) < 0.5, np.minimum(near, shop.products - 1), place)
        self._shelf = random.integers(0, 2, size)
        self._reached = np.cumsum(random.dirichlet(np.full(FAVOURITES, 0.5), shop.shoppers), axis=1)

    def picks(self, shopper: Numbers, shelves: list[_Shelf], random: np.random.Generator) -> Numbers:
        """One product for every entry of `shopper`."""
        drawn = random.random(len(shopper))
        number = np.minimum((drawn[:, None] > self._reached[shopper]).sum(axis=1), FAVOURITES - 1)
        width = np.array([NICHE, GROUP, DEPARTMENT, self._products])[
            random.choice(len(NEARNESS), len(shopper), p=NEARNESS)
        ]
        start = self._place[shopper, number] // width * width
        end = np.minimum(start + width, self._products)
        product = np.empty(len(shopper), np.int64)
        for each, shelf in enumerate(shelves):
            own = self._shelf[shopper, number] == each
            product[own] = shelf.draw(start[own], end[own], random)
        return product
