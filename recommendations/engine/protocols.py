"""What an algorithm must be able to do. A fitted model is immutable: a configuration plus arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeGuard, TypeVar, runtime_checkable

from recommendations.engine.types import (
    Allowed,
    Arrays,
    Causes,
    Explanation,
    Floats,
    History,
    Interactions,
    ItemFeatures,
    Positions,
    Prior,
    Progress,
    Ranking,
    Roughly,
    Vocabulary,
)

Ability = TypeVar("Ability")
_known: dict[tuple[type, type], bool] = {}


def can(model: object, ability: type[Ability]) -> TypeGuard[Ability]:
    """`isinstance` for the protocols below, looked into once a class, which takes microseconds."""
    asked = type(model), ability
    found = _known.get(asked)
    if found is None:
        found = _known[asked] = isinstance(model, ability)
    return found


class Recommender(Protocol):
    """A fitted model that scores every product from the histories handed to it."""

    products: Vocabulary

    def score(self, histories: Sequence[History]) -> Floats:
        """(histories, products) preference, higher is better, comparable within a row only.

        Products unknown to the model are ignored; an empty history gets the model's base score.
        A row does not depend on which other histories are in the batch.
        """
        ...

    def arrays(self) -> Arrays:
        """Everything `Algorithm.restore` needs besides config and vocabulary; no shopper's history."""
        ...


class RatingPredictor(Protocol):
    """A fitted model that predicts the rating (1 to 5) a shopper would give each product."""

    products: Vocabulary

    def predict(self, histories: Sequence[History]) -> Floats:
        """(histories, products) predicted rating, clipped to 1..5; the item's own mean for no history."""
        ...

    def predict_at(self, history: History, positions: Positions) -> Floats:
        """(k,) what `predict` says of these products only, at the price of k of them.

        Equal to `predict` up to the rounding of single precision. Positions must be known ones, 0 or more.
        """
        ...

    def arrays(self) -> Arrays: ...


@runtime_checkable
class Explains(Protocol):
    """Optional: scores that are exact sums over the history."""

    def explain(self, history: History, positions: Positions) -> Explanation: ...


@runtime_checkable
class TellsCauses(Explains, Protocol):
    """Optional: the main causes of what `explain` tells, for less. Call it through `causes.main_causes`."""

    def causes(self, history: History, positions: Positions) -> Causes: ...


@runtime_checkable
class FindsSimilar(Protocol):
    """Optional: how alike products are."""

    def similar(self, positions: Positions) -> Floats:
        """(positions, products) similarity, higher is more alike; a product's own entry is -inf."""
        ...


@runtime_checkable
class FindsTop(Protocol):
    """Optional: the best products without the scores of all of them. Call it through `finding.top_of` and
    `finding.top_of_batch`, which do for every model what this one may do faster."""

    def top_of(
        self,
        history: History,
        k: int,
        *,
        exclude: Positions | None = None,
        allowed: Allowed | None = None,
        prior: Prior | None = None,
    ) -> Ranking:
        """The k best products, as `topk.top` of the history's scores; in a catalogue so large that the model
        searches it by an index, nearly all of them.

        exclude, allowed: as of `topk.top`. prior: what the scores lean on; the scores returned include it.
        """
        ...

    def top_of_batch(
        self,
        histories: Sequence[History],
        k: int,
        *,
        exclude: Sequence[Positions | None] | None = None,
        allowed: Allowed | None = None,
        priors: Sequence[Prior | None] | None = None,
    ) -> list[Ranking]:
        """`top_of` of every history, each exactly as alone; `exclude`, `priors`: one entry a history."""
        ...


@runtime_checkable
class ScoresRoughly(Protocol):
    """Optional: scores in single precision that are nearly right, with a bound on how wrong they are, at the
    price of less than `score`. `finding.top_of` makes an exact list of them."""

    def roughly(self, history: History) -> Roughly: ...


@runtime_checkable
class ScoresSome(Protocol):
    """Optional: the scores of a few products at the price of a few."""

    def score_at(self, history: History, positions: Positions) -> Floats:
        """(k,) what `score` says of these products, up to the rounding of single precision."""
        ...


@runtime_checkable
class TakesNewProducts(Protocol):
    """Optional: products described since the fit can be scored, without fitting again."""

    def extended(self, features: ItemFeatures) -> Recommender: ...


class Algorithm(Protocol):
    """How to fit a model and how to bring one back from its arrays. `Config` is a frozen dataclass.

    search: setting of the config -> values worth trying on a validation part, in order; empty if there is no
    choice. `Starts` and `Needs` are optional.
    """

    name: str
    config_class: type[Any]
    search: ClassVar[Mapping[str, tuple[Any, ...]]]

    def affordable(self, shoppers: int, products: int, interactions: int) -> bool:
        """Whether a fit of that size takes less than 6 GB and a few minutes on two cores."""
        ...

    def fit(
        self, interactions: Interactions, config: Any, *, seed: int, progress: Progress
    ) -> Recommender: ...

    def restore(self, config: Any, products: Vocabulary, arrays: Arrays) -> Recommender: ...


@runtime_checkable
class Starts(Protocol):
    """Optional: starts are settings, beside the defaults, that were good on data of one kind or another; what
    they leave out is the default. They are tried before all others."""

    starts: ClassVar[tuple[Mapping[str, Any], ...]]


@runtime_checkable
class Needs(Protocol):
    """Optional: needs tells of settings that change nothing without "order" among a shopper's rows, "time",
    that is moments days apart, or "features" of products; the setting "" stands for the whole algorithm."""

    needs: ClassVar[Mapping[str, str]]


class RatingAlgorithm(Protocol):
    """How to fit a rating predictor and how to bring one back from its arrays."""

    name: str
    config_class: type[Any]

    def fit(
        self, interactions: Interactions, config: Any, *, seed: int, progress: Progress
    ) -> RatingPredictor: ...

    def restore(self, config: Any, products: Vocabulary, arrays: Arrays) -> RatingPredictor: ...
