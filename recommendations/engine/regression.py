"""What linear item-item models regress: sums over shoppers of what they have and of what they chose next."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.types import Floats, Interactions

DAY = 86_400
NEGLIGIBLE = 0.01
MAXIMUM_ROWS = 50
CHUNK = 200_000
SparseFloats = sparse.csr_matrix[np.float32]


@dataclass(frozen=True)
class RegressionConfig:
    """regularization: lambda, added to the diagonal of Z'Z; larger for fewer shoppers or more noise.

    dropout: p, 0 to below 1; the model learns to do without a share p of the history. shopper_exponent:
    beta; a shopper with r products counts r^-beta (scaled to a mean of 1), so that the few who have much do
    not outweigh the others. popularity_exponent, trend, trend_half_life_days: gamma, delta and half-life of
    `product_scales`. recency: a row of the history counts recency^age, in the order's past too; 1 for no
    decay. sequence: a, 0 to 1, the share of what came next; 0 learns only from what is owned together.
    """

    regularization: float = 200.0
    dropout: float = 0.0
    shopper_exponent: float = 0.0
    popularity_exponent: float = 0.0
    trend: float = 0.0
    trend_half_life_days: float = 7.0
    recency: float = 1.0
    sequence: float = 0.0

    def __post_init__(self) -> None:
        if self.regularization <= 0:
            raise ValueError("regularization must be above 0.")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout must be 0 or more and below 1.")
        if self.trend_half_life_days <= 0:
            raise ValueError("trend_half_life_days must be above 0.")
        if not 0 < self.recency <= 1:
            raise ValueError("recency must be above 0 and at most 1.")
        if not 0 <= self.sequence <= 1:
            raise ValueError("sequence must be from 0 to 1.")


@dataclass(frozen=True, eq=False)
class Moments:
    """What min_B sum_rows w |y - zB|^2 needs: inputs Z'WZ, targets Z'WY, both (products, products)."""

    inputs: SparseFloats
    targets: SparseFloats


REMEMBERED = 20_000_000
"""Entries up to which the last moments of some interactions are kept, for a fit with other penalties."""
_last: WeakKeyDictionary[Interactions, tuple[tuple[float, ...], Moments]] = WeakKeyDictionary()


def moments(interactions: Interactions, config: RegressionConfig) -> Moments:
    """As by `_moments`. Those last asked for are kept as long as the interactions are: half of the work of
    the next fit where only penalties and scales differ."""
    key = (config.shopper_exponent, config.sequence, config.recency if config.sequence else 1.0)
    known = _last.get(interactions)
    if known is not None and known[0] == key:
        return known[1]
    sums = _moments(interactions, config)
    if sums.inputs.nnz + sums.targets.nnz <= REMEMBERED:
        _last[interactions] = (key, sums)
    return sums


def _moments(interactions: Interactions, config: RegressionConfig) -> Moments:
    """(1 - a) X'WX + a S'WS, and (1 - a) X'WX + a S'WY.

    X has a row a shopper: their positive weights. S and Y have a row for every product a shopper went on to:
    S the recency-weighted products before it, of the last MAXIMUM_ROWS rows, Y the product itself. What has
    one time, such as a basket, has no order, and data without times has none at all. W are the weights of
    the shoppers. Choi, Kim, Lee, Shim, Lee, "Session-aware linear item-item models for session-based
    recommendation", WWW 2021.
    """
    liked = interactions.rows(interactions.weights > 0)
    scales = _shopper_scales(liked, config.shopper_exponent)
    share = config.sequence
    together = _zeros(len(liked.products), len(liked.products))
    if share < 1:
        owned = liked.matrix()
        together = (owned.T @ sparse.diags_array(scales) @ owned).tocsr().astype(np.float32)
    if share == 0:
        return Moments(together, together)
    before, next_up = _ordered(liked, scales, config.recency)
    inputs = (1 - share) * together + share * before
    targets = (1 - share) * together + share * next_up
    return Moments(inputs.tocsr().astype(np.float32), targets.tocsr().astype(np.float32))


def penalties(sums: Moments, config: RegressionConfig) -> NDArray[np.float64]:
    """(products,) L_i = p/(1-p) (Z'WZ)_ii + lambda, the penalty of what product i says about others.

    Steck, "Autoencoders that don't overfit towards the identity", NeurIPS 2020.
    """
    own = sums.inputs.diagonal().astype(np.float64)
    return config.dropout / (1 - config.dropout) * own + config.regularization


def product_scales(
    interactions: Interactions, sums: Moments, config: RegressionConfig
) -> NDArray[np.float64]:
    """(products,) what the scores of each product are multiplied by: (1 + Z'WZ_ii)^-gamma (trend_i)^delta.

    trend_i = (1 + recent_i) / (1 + s liked_i), with liked_i the summed positive weights of the product,
    recent_i the same with a half-life counted from the newest row, and s the share of both over all products:
    above 1 for what is liked more than usual now, such as what is in season. It is 1 if all times are alike.
    """
    own = sums.inputs.diagonal().astype(np.float64)
    scales = (1 + own) ** -config.popularity_exponent
    weights = np.maximum(interactions.weights.astype(np.float64), 0)
    if config.trend == 0 or not weights.any():
        return np.asarray(scales, np.float64)
    age_days = (interactions.times.max() - interactions.times) / DAY
    decayed = weights * np.exp2(-age_days / config.trend_half_life_days)
    liked, recent = (
        np.bincount(interactions.product, column, minlength=len(own)) for column in (weights, decayed)
    )
    trend = (1 + recent) / (1 + recent.sum() / liked.sum() * liked)
    return np.asarray(scales * trend**config.trend, np.float64)


def _shopper_scales(liked: Interactions, exponent: float) -> NDArray[np.float32]:
    lengths = np.diff(liked.starts)
    scales = np.where(lengths > 0, np.maximum(lengths, 1.0) ** -exponent, 0.0)
    return (scales / (scales[lengths > 0].mean() if len(liked) else 1.0)).astype(np.float32)


def _ordered(
    liked: Interactions, scales: NDArray[np.float32], recency: float
) -> tuple[SparseFloats, SparseFloats]:
    """(S'WS, S'WY), a run of rows at a time."""
    count = len(liked.products)
    new = (np.diff(liked.shopper, prepend=-1) != 0) | (np.diff(liked.times, prepend=0) != 0)
    moment = np.cumsum(new)
    before = next_up = _zeros(count, count)
    for start in range(0, len(liked), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(liked)))
        past = _pasts(liked, rows, moment, recency)
        weighted = (sparse.diags_array(scales[liked.shopper[rows]]) @ past).T.tocsr()
        chosen = sparse.csr_matrix(
            (liked.weights[rows], liked.product[rows], np.arange(len(rows) + 1)), shape=(len(rows), count)
        )
        before, next_up = before + weighted @ past, next_up + weighted @ chosen
    return before.tocsr(), next_up.tocsr()


def _pasts(
    liked: Interactions, rows: NDArray[np.int64], moment: NDArray[np.int64], recency: float
) -> SparseFloats:
    """(rows, products): the same shopper's earlier products, weight x recency^(moments in between)."""
    oldest = _oldest(recency)
    numbers, products, weights = [], [], []
    for back in range(1, MAXIMUM_ROWS + 1):
        earlier = rows - back
        age = moment[rows] - moment[earlier] - 1
        inside = (earlier >= liked.starts[liked.shopper[rows]]) & (age <= oldest)
        if not inside.any():
            break
        own = np.flatnonzero(inside & (age >= 0))
        numbers.append(own)
        products.append(liked.product[earlier[own]])
        weights.append(liked.weights[earlier[own]] * np.power(recency, age[own], dtype=np.float32))
    shape = (len(rows), len(liked.products))
    if not numbers:
        return _zeros(*shape)
    data: Floats = np.concatenate(weights)
    return sparse.csr_matrix((data, (np.concatenate(numbers), np.concatenate(products))), shape=shape)


def _zeros(rows: int, columns: int) -> SparseFloats:
    nothing = (np.empty(0, np.float32), np.empty(0, np.int32), np.zeros(rows + 1, np.int32))
    return sparse.csr_matrix(nothing, shape=(rows, columns))


def _oldest(recency: float) -> int:
    """The age up to which a row still counts."""
    return MAXIMUM_ROWS if recency >= 1 else int(np.log(NEGLIGIBLE) / np.log(recency))
