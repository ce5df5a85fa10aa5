"""The merchandisers' rules, from the database to the engine's pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import rerank
from recommendations.engine.types import Ranking
from recommendations.models import MerchandisingRule

Action = MerchandisingRule.Action
ORDER = (Action.DROP, Action.BOOST, Action.BURY)
Arrange = Callable[[Ranking], Ranking]


@dataclass(frozen=True, eq=False)
class Targets:
    """What rules can see of n products, one entry each: ids of product, category and department (below 0 for
    none), and brands, casefolded."""

    products: NDArray[np.int64]
    categories: NDArray[np.int64]
    departments: NDArray[np.int64]
    brands: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.products)


@dataclass(frozen=True)
class Rules:
    """The rules in force at one moment."""

    rules: tuple[MerchandisingRule, ...]

    def pinned(self) -> list[int]:
        """Ids of the products to put first, in the order of the rules."""
        return [rule.product_id for rule in self.rules if rule.action == Action.PIN and rule.product_id]

    def without_pins(self) -> Rules:
        """The same rules for lists that pins have no business in, such as similar products."""
        return Rules(tuple(rule for rule in self.rules if rule.action != Action.PIN))

    def apply(
        self, targets: Targets, scores: NDArray[np.float32], arrange: Arrange | None = None
    ) -> list[int]:
        """The new order of the targets (best first) as indices into them; dropped ones are left out.

        arrange: puts what is left in another order before rules move anything up, down or to the top.
        """
        ranking = Ranking(np.arange(len(targets), dtype=np.int32), np.asarray(scores, np.float32))
        for action in ORDER:
            for rule in self.rules:
                if rule.action == action:
                    ranking = _applied(ranking, rule, _mask(rule, targets))
            if action == Action.DROP and arrange is not None:
                ranking = arrange(ranking)
        order: list[int] = self._pin(ranking, targets).positions.tolist()
        return order

    def _pin(self, ranking: Ranking, targets: Targets) -> Ranking:
        left = set(ranking.positions.tolist())
        ahead: list[int] = []
        for rule in self.rules:
            if rule.action == Action.PIN:
                mask = _mask(rule, targets)
                ahead += [place for place in ranking.positions.tolist() if mask[place] and place in left]
        return rerank.pin(ranking, np.array(ahead, np.int32)) if ahead else ranking


def _applied(ranking: Ranking, rule: MerchandisingRule, mask: NDArray[np.bool_]) -> Ranking:
    if rule.action == Action.DROP:
        return rerank.drop(ranking, mask)
    if rule.action == Action.BOOST:
        return rerank.boost(ranking, mask, strength=rule.strength)
    return rerank.bury(ranking, mask)


def _mask(rule: MerchandisingRule, targets: Targets) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = targets.brands == rule.brand.casefold()
    if rule.product_id is not None:
        mask = targets.products == rule.product_id
    elif rule.category_id is not None:
        mask = (targets.categories == rule.category_id) | (targets.departments == rule.category_id)
    return mask
