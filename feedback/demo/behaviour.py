"""The demo shoppers' ratings and trail, drawn from a model of latent tastes.

A shopper u has a style vector, a liking for dear or cheap and an attention for departments; a product i has
a style (its brand's, its aisle's, its own), a price level and a fame. Their affinity decides what is looked
at and bought; the stars are mu + generosity_u + quality_i + affinity_ui + noise, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback.demo.goods import Shelf, affinity, make_goods
from feedback.demo.people import LEAST_RATINGS, Floats, People, Whole, make_people
from feedback.demo.visits import DAY, DAYS, Looks, Visits, make_looks, make_visits

MEAN_STARS, TASTE_STARS, NOISE_STARS = 3.0, 0.85, 0.68
PARTNER_BOUGHT = 0.4
KINDS = ("click", "view", "wishlist", "basket", "purchase", "dismiss")
CLICK, VIEW, WISHLIST, BASKET, PURCHASE, DISMISS = range(len(KINDS))


@dataclass(frozen=True, eq=False)
class Ratings:
    """(r,) shopper, product, stars 1 to 5, seconds before now; every pair once."""

    shopper: Whole
    product: Whole
    stars: Whole
    ago: Floats


@dataclass(frozen=True, eq=False)
class Trail:
    """(e,) events, the oldest first; order is -1 but for purchases."""

    shopper: Whole
    product: Whole
    kind: Whole
    ago: Floats
    quantity: Whole
    order: Whole


@dataclass(frozen=True, eq=False)
class Behaviour:
    people: People
    joined_ago: Floats
    ratings: Ratings
    trail: Trail


def make_behaviour(
    shelf: Shelf, *, shoppers: int, ratings: int, month_now: int, rng: np.random.Generator
) -> Behaviour:
    """Everything the demo shoppers did in the eighteen months before now."""
    people = make_people(shelf.departments, shoppers=shoppers, ratings=ratings, rng=rng)
    goods = make_goods(shelf, rng)
    taste = affinity(people, goods)
    visits = make_visits(people, rng)
    looks = make_looks(people, shelf, goods, taste, visits, month_now=month_now, rng=rng)
    bought = _bought(taste, visits, looks, rng)
    looks, bought = _with_partners(shelf, goods.partners, visits, looks, bought, rng)
    given = _ratings(people, goods.quality, taste, visits, looks, bought, total=ratings, rng=rng)
    trail = _trail(taste, visits, looks, bought, rng)
    joined_ago = np.minimum(DAYS * DAY, (1 - people.joined) * DAYS * DAY + DAY)
    np.maximum.at(joined_ago, trail.shopper, trail.ago)
    return Behaviour(people, joined_ago, given, trail)


def _bought(taste: Floats, visits: Visits, looks: Looks, rng: np.random.Generator) -> NDArray[np.bool_]:
    suits = taste[visits.shopper[looks.visit], looks.product]
    return rng.random(len(suits)) < 1 / (1 + np.exp(1.6 - 0.9 * suits))


def _with_partners(
    shelf: Shelf, partners: Whole, visits: Visits, looks: Looks, bought: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[Looks, NDArray[np.bool_]]:  # fmt: skip
    """Adds what goes with a purchase to the same visit: the mat to the tent, the grinder to the beans."""
    rows = np.flatnonzero(bought & (rng.random(len(bought)) < PARTNER_BOUGHT))
    product = partners[looks.product[rows], (rng.random(len(rows)) < 0.3).astype(np.int64)]
    moment = 1 - looks.ago[rows] / (DAYS * DAY)
    real = (product != looks.product[rows]) & (shelf.opened[product] <= moment)
    rows, product = rows[real], product[real]
    ago = np.maximum(visits.ago[looks.visit[rows]], looks.ago[rows] - rng.uniform(5, 300, len(rows)))
    return (
        Looks(
            np.concatenate([looks.visit, looks.visit[rows]]),
            np.concatenate([looks.product, product]),
            np.concatenate([looks.ago, ago]),
        ),
        np.concatenate([bought, np.ones(len(rows), dtype=bool)]),
    )


def _ratings(
    people: People, quality: Floats, taste: Floats, visits: Visits, looks: Looks, bought: NDArray[np.bool_],
    *, total: int, rng: np.random.Generator,
) -> Ratings:  # fmt: skip
    """`total` ratings (or as many pairs as there are), shared out as the shoppers are inclined to rate."""
    shopper = visits.shopper[looks.visit]
    eagerness = rng.random(len(shopper)) + 0.6 * bought
    # The most eager look at each product stands for the pair; then pairs are ranked within the shopper.
    order = np.lexsort((-eagerness, looks.product, shopper))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(shopper[order]) != 0) | (np.diff(looks.product[order]) != 0)
    pairs = order[first]
    pairs = pairs[np.lexsort((-eagerness[pairs], shopper[pairs]))]
    starts = np.searchsorted(shopper[pairs], shopper[pairs])
    rank = np.arange(len(pairs)) - starts
    due = np.where(rank < LEAST_RATINGS, -1.0, (rank + 0.5) / people.ratings[shopper[pairs]])
    rows = pairs[np.argsort(due, kind="stable")[:total]]
    rater, product = shopper[rows], looks.product[rows]
    liking = MEAN_STARS + people.generosity[rater] + quality[product] + TASTE_STARS * taste[rater, product]
    stars = np.clip(np.rint(liking + rng.normal(0, NOISE_STARS, len(rows))), 1, 5).astype(np.int64)
    wait = np.where(bought[rows], rng.uniform(2, 21, len(rows)) * DAY, rng.uniform(30, 900, len(rows)))
    ago = looks.ago[rows] - wait
    late = ago < 60
    ago[late] = rng.uniform(60, 0.25 * DAY, int(late.sum()))
    oldest_first = np.argsort(-ago, kind="stable")
    return Ratings(rater[oldest_first], product[oldest_first], stars[oldest_first], ago[oldest_first])


def _trail(
    taste: Floats, visits: Visits, looks: Looks, bought: NDArray[np.bool_], rng: np.random.Generator
) -> Trail:
    """Clicks, views, wishes, baskets, orders and dismissals of the looks."""
    suits = taste[visits.shopper[looks.visit], looks.product]
    chance = rng.random((len(suits), 5))
    happened = {
        CLICK: (chance[:, 0] < 0.2, 2.0),
        VIEW: (chance[:, 1] < 0.75, 0.0),
        WISHLIST: (~bought & (suits > 0.3) & (chance[:, 2] < 0.12), -20.0),
        BASKET: (bought & (chance[:, 3] < 0.5) | (~bought & (suits > 0) & (chance[:, 3] < 0.06)), -15.0),
        DISMISS: ((suits < -0.3) & (chance[:, 4] < 0.12), -8.0),
    }
    rows = [(kind, np.flatnonzero(mask), shift) for kind, (mask, shift) in happened.items()]
    kind = np.concatenate([np.full(len(which), kind) for kind, which, _ in rows])
    look = np.concatenate([which for _, which, _ in rows])
    ago = np.concatenate([looks.ago[which] + shift for _, which, shift in rows])
    # Everything bought in one visit is one order, placed when the visit ends.
    orders = np.flatnonzero(bought)
    pairs = np.stack([looks.visit[orders], looks.product[orders]])
    orders = orders[np.unique(pairs, axis=1, return_index=True)[1]]
    kind = np.concatenate([kind, np.full(len(orders), PURCHASE)])
    look = np.concatenate([look, orders])
    ago = np.clip(np.concatenate([ago, visits.ago[looks.visit[orders]]]), 1.0, DAYS * DAY)
    purchase = kind == PURCHASE
    oldest_first = np.lexsort((kind, -ago))
    return Trail(
        shopper=visits.shopper[looks.visit[look]][oldest_first],
        product=looks.product[look][oldest_first],
        kind=kind[oldest_first],
        ago=ago[oldest_first],
        quantity=np.where(purchase, rng.geometric(0.88, len(kind)), 1)[oldest_first],
        order=np.where(purchase, looks.visit[look], -1)[oldest_first],
    )
