"""Factor models as they serve: item-side arrays, and shoppers folded in from their histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.approximate import nearly_best, nearly_best_of_each
from recommendations.engine.compiled_foldin import folded_in
from recommendations.engine.compiled_shares import causes_of, most_pushed_by, pushes_of, rated_vector
from recommendations.engine.compiling import is_compiled
from recommendations.engine.factors import ItemFactors
from recommendations.engine.foldin import Matrix, on_grid, ridge_shares
from recommendations.engine.pruning import Question, best_of_each
from recommendations.engine.types import (
    Allowed,
    Arrays,
    Causes,
    Explanation,
    Floats,
    History,
    Positions,
    Prior,
    Ranking,
    Roughly,
    Vocabulary,
)

LOWEST, HIGHEST = 1.0, 5.0
IS_COMPILED = is_compiled(folded_in)


@dataclass(frozen=True, eq=False)
class _Folded:
    """A history as `folded_in` takes it, and what that found."""

    history: History
    known: Positions
    weights: Floats
    found: Matrix


class FoldInRanker:
    """score_i = b_i + q_i . p(H), with p(H) = A^-1 sum_{j in H} c_j q_j (t_j - b_j).

    A = alpha0 Q'Q + sum_{j in H} c_j q_j q_j' + lambda I, c_j = |w_j| and t_j the sign of w_j: what the
    shopper liked is drawn to 1 and what they disliked to -1, as firmly as the weight says; every other
    product is held at its base b_i by alpha0, through Q'Q, which is diagonal in `ItemFactors`. p(H) is a sum
    over the history, so the score is the base plus one exact contribution a row. The item side (b, Q) comes
    from any factor model; no shopper's vector is kept. Where lambda grows with the history (`by_row`), every
    row adds c_j by_row to it. Hu, Koren, Volinsky, ICDM 2008.
    """

    def __init__(
        self, products: Vocabulary, table: ItemFactors, *,
        unobserved: float, regularization: float, by_row: float = 0.0,
    ) -> None:  # fmt: skip
        """table: of b and Q. unobserved: alpha0. regularization: lambda."""
        self.products = products
        self.table = table
        self._by_row = by_row
        self._held = unobserved * table.gram + regularization
        # Whose list was made is mostly told at once why it is as it is.
        self._last: _Folded | None = None

    @property
    def base(self) -> Floats:
        """(products,) b."""
        return self.table.base

    @property
    def factors(self) -> Floats:
        """(products, factors) a copy of Q, up to a turn of its basis."""
        return self.table.rows(np.arange(len(self.table)))

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products); shoppers one at a time and sums without rounding, so that a row is the same
        in any batch."""
        return self.table.scores(self._shoppers(histories))

    def top_of(
        self, history: History, k: int, *, exclude: Positions | None = None, allowed: Allowed | None = None,
        prior: Prior | None = None,
    ) -> Ranking:  # fmt: skip
        """Exactly those of `score`, most of which is not computed; of a very large catalogue nearly all."""
        shopper = self._shopper(history)
        return nearly_best(self.table, shopper, k, exclude=exclude, allowed=allowed, prior=prior)

    def top_of_batch(
        self, histories: Sequence[History], k: int, *, exclude: Sequence[Positions | None] | None = None,
        allowed: Allowed | None = None, priors: Sequence[Prior | None] | None = None,
    ) -> list[Ranking]:  # fmt: skip
        """`top_of` of each."""
        nothing = [None] * len(histories)
        each = best_of_each if self.table.leading is None else nearly_best_of_each
        found = each(
            self.table, self._shoppers(histories), k, exclude=exclude or nothing, allowed=allowed,
            priors=priors or nothing,
        )  # fmt: skip
        return list(found)

    def roughly(self, history: History) -> Roughly:
        """Of all products in single precision, for who adds other scores to them."""
        return Question(self.table, self._shopper(history), None).roughly()

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Base b; row j contributes q_i' A^-1 c_j q_j (t_j - b_j)."""
        if IS_COMPILED:
            contributions: Floats = pushes_of(*self._asked(history, positions))
        else:
            contributions = self._shares(history, positions)
        return Explanation(self.base[positions], contributions)

    def causes(self, history: History, positions: Positions) -> Causes:
        """Those of `explain`."""
        if not IS_COMPILED:
            return Causes(*causes_of(self._shares(history, positions)))
        return Causes(*most_pushed_by(*self._asked(history, positions)))

    def similar(self, positions: Positions) -> Floats:
        """(positions, products) cosine of the product vectors, -1 to 1."""
        return self.table.cosines(positions)

    def arrays(self) -> Arrays:
        return self.table.arrays()

    def _shoppers(self, histories: Sequence[History]) -> Matrix:
        """(histories, factors) the vectors p(H), on the grid."""
        shoppers = np.zeros((len(histories), self.table.size))
        for row, history in zip(shoppers, histories, strict=True):
            row[:] = self._shopper(history)
        return shoppers

    def _shopper(self, history: History) -> Matrix:
        """(factors,) the vector p(H), on the grid."""
        if not IS_COMPILED:
            plain: Matrix = on_grid(self._folded_in(history)[None])[0]
            return plain
        return self._folded(history).found[: self.table.size]

    def _folded(self, history: History) -> _Folded:
        """The same history as before is not folded in again."""
        last = self._last
        if last is None or last.history is not history:
            table, known = self.table, history.positions_in(self.products)
            weights = np.ascontiguousarray(history.weights, np.float32)
            found = folded_in(known, weights, table.base, table.head, table.rest, self._held, self._by_row)
            last = self._last = _Folded(history, known, weights, found)
        return last

    def _asked(self, history: History, positions: Positions) -> tuple[Any, ...]:
        """As the compiled functions of `compiled_shares` take it."""
        folded, table = self._folded(history), self.table
        wanted = np.ascontiguousarray(positions, np.int32)
        return (
            folded.known, folded.weights, folded.found, wanted, table.head, table.rest, self._held,
            self._by_row,
        )  # fmt: skip

    def _telling(self, history: History) -> tuple[NDArray[np.bool_], Matrix, Matrix, Matrix, Matrix]:
        """(mask of the rows that tell, and of these q, t - b and c; the diagonal of A without them)."""
        known, mask = history.known_to(self.products)
        telling = history.weights[mask] != 0
        known, mask[mask] = known[telling], telling
        weights = history.weights[mask].astype(np.float64)
        residuals, confidence = np.sign(weights) - self.base[known].astype(np.float64), np.abs(weights)
        diagonal = self._held + self._by_row * float(confidence.sum())
        return mask, self.table.rows(known).astype(np.float64), residuals, confidence, diagonal

    def _shares(self, history: History, positions: Positions) -> Floats:
        """(k, n) the contributions of `explain`, where nothing is compiled."""
        mask, features, residuals, confidence, diagonal = self._telling(history)
        shares = ridge_shares(features, residuals, confidence, precision=np.diag(diagonal))
        contributions = np.zeros((len(positions), len(history)), np.float32)
        contributions[:, mask] = self.table.rows(positions).astype(np.float64) @ shares
        return contributions

    def _folded_in(self, history: History) -> Matrix:
        """(factors,) the vector p(H); of n rows by an n x n system where that is the smaller one."""
        _, features, residuals, confidence, diagonal = self._telling(history)
        if len(features) >= len(diagonal):
            weighted = features * confidence[:, None]
            full = weighted.T @ features + np.diag(diagonal)
            return np.asarray(np.linalg.solve(full, residuals @ weighted), np.float64)
        lifted = features / diagonal
        system = lifted @ features.T
        system.flat[:: len(features) + 1] += 1 / confidence
        return np.asarray(np.linalg.solve(system, residuals) @ lifted, np.float64)


class FoldInRatings:
    """r_i = mu + b_i + b_u(H) + q_i . p_u(H), clipped to 1..5.

    [b_u, p_u] is the ridge solution of the residuals r_j - mu - b_j over the rated rows of the history with
    the features [1, q_j]: A = sum_j x_j x_j' + diag(lambda_bias, lambda, ..., lambda). An unclipped
    prediction is thus mu + b_i plus one exact contribution a rated row.
    """

    def __init__(
        self, products: Vocabulary, mean: float, item_bias: Floats, factors: Floats,
        *, bias_regularization: float, regularization: float,
    ) -> None:  # fmt: skip
        """item_bias: (products,) b. factors: (products, factors) Q. Both regularizations are above 0."""
        self.products = products
        self.mean = mean
        self.item_bias = item_bias
        self.factors = factors
        self._penalties = float(bias_regularization), float(regularization)

    def predict(self, histories: Sequence[History]) -> Floats:
        """(histories, products) in 1..5; mu + b_i for a history without ratings."""
        ratings = np.empty((len(histories), len(self.products)), np.float32)
        for row, history in zip(ratings, histories, strict=True):
            shopper = self._vector(history).astype(np.float32)
            row[:] = self.mean + self.item_bias + shopper[0] + self.factors @ shopper[1:]
        return np.clip(ratings, LOWEST, HIGHEST)

    def predict_at(self, history: History, positions: Positions) -> Floats:
        """(k,) in 1..5: `predict` of these products alone."""
        shopper = self._vector(history)
        ratings = self.mean + self.item_bias[positions] + shopper[0] + self.factors[positions] @ shopper[1:]
        return np.asarray(np.clip(ratings, LOWEST, HIGHEST), np.float32)

    def explain(self, history: History, positions: Positions) -> Explanation:
        """Of the rating before clipping: base mu + b_i, and the contribution of each rated row."""
        contributions = np.zeros((len(positions), len(history)), np.float32)
        _, mask = self._rated(history)
        shares = self._shares(history)
        contributions[:, mask] = shares[0] + self.factors[positions] @ shares[1:]
        return Explanation((self.mean + self.item_bias[positions]).astype(np.float32), contributions)

    def arrays(self) -> Arrays:
        return {
            "mean": np.array([self.mean], np.float64),
            "item_bias": self.item_bias,
            "factors": self.factors,
        }

    def _rated(self, history: History) -> tuple[Positions, NDArray[np.bool_]]:
        """(positions of the known products with a rating, mask of the rows they come from)."""
        positions = history.positions_in(self.products)
        mask = (positions >= 0) & np.isfinite(history.ratings)
        return positions[mask], mask

    def _vector(self, history: History) -> Matrix:
        """(1 + factors,) the shopper's bias and vector: the sum of `_shares`."""
        found: Matrix = rated_vector(
            history.positions_in(self.products), np.ascontiguousarray(history.ratings, np.float32),
            self.mean, self.item_bias, self.factors, *self._penalties,
        )  # fmt: skip
        return found

    def _shares(self, history: History) -> Matrix:
        """(1 + factors, rated rows): what each rated row adds to the shopper's bias and vector."""
        known, mask = self._rated(history)
        features = np.column_stack([np.ones(len(known)), self.factors[known].astype(np.float64)])
        residuals = history.ratings[mask].astype(np.float64) - self.mean - self.item_bias[known]
        bias, others = self._penalties
        precision = np.diag([bias, *[others] * self.factors.shape[1]])
        return ridge_shares(features, residuals, np.ones(len(known)), precision=precision)
